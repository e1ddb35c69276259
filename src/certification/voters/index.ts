export { armBallot, armsVoter } from './arms'
export { singleVoter } from './single'
export type { Ballot, Voter } from './voter'
