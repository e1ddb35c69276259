export {
  type AcesCertifierOptions,
  acesCertifier,
  CORE_LINE,
  SELECTOR_BALLOT,
} from './aces'
export { type AtRadiusCertifierOptions, atRadiusCertifier } from './at-radius'
export { type CascadeCertifierOptions, type CascadeScale, cascadeCertifier } from './cascade'
export type { Ask, Certifier, Steps, Tally } from './certifier'
export { type CohenOptions, cohenCertifier } from './cohen'
export { type GridCertifierOptions, gridCertifier } from './grid'
export {
  type PixelDpOptions,
  pixelDpCertifier,
  pixelDpFromScores,
  pixelDpFromVotes,
  pixelDpScoresCertifier,
} from './pixel-dp'
export { type PredictCertifierOptions, predictCertifier } from './predict'
export {
  type RoutedLine,
  type RouterCertifierOptions,
  routerCertifier,
  routerPredictCertifier,
} from './router'
export { type SizedCertifierOptions, sizedCertifier } from './sized'
