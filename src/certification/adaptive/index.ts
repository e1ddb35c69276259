export {
  missesBetween,
  type OperatingCharacteristics,
  operatingCharacteristics,
  type SequentialTest,
} from '../../statistics/sequential-test'
export type { AdaptiveCertificate, AdaptiveCertification, AdaptiveRun, VoteRequest } from './adaptive-run'
export {
  type GridCertificate,
  GridCertification,
  type GridCertificationOptions,
  GridRun,
  gridRadii,
  type RadiusDecision,
} from './grid-certification'
export {
  type SizedCertificate,
  SizedCertification,
  type SizedCertificationOptions,
  SizedRun,
} from './sized-certification'
