export { type Aggregation, aggregatedClass } from './aggregate'
export { armBallot, armsVoter } from './arms'
export { consensusVoter } from './consensus'
export { type EnsembleVoterOptions, ensembleVoter, type Members } from './ensemble'
export { scoresVoter } from './scores'
export { type SelectorVoterOptions, selectedByEntropy, selectedByNetwork, selectorVoter } from './selector'
export { singleVoter } from './single'
export {
  type Ballot,
  type Cast,
  type KeptTensors,
  OPEN,
  type OpenCast,
  type Rest,
  type ScoreCast,
  type Voter,
} from './voter'
export { type EnsembleVote, voterOf } from './voter-of'
