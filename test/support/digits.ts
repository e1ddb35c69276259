import { connect, DIGITS_NETWORKS, type Session, torch } from '../../src'
import { withForkedPython } from './forked-python'

/** The committed networks of the digits demonstration: small, real, and quick on any CPU. */

export const { denoiser: DENOISER, classifier: CLASSIFIER } = DIGITS_NETWORKS

export async function connectForTest(): Promise<Session> {
  return withForkedPython(() => connect({ device: 'cpu', threads: 1 }))
}

export async function loadDigits(session: Session) {
  return {
    denoiser: await torch.loadDenoiser(session, { source: 'diffusers', path: DENOISER }),
    classifier: await torch.loadClassifier(session, {
      source: 'timm',
      path: CLASSIFIER,
      tuning: { kind: 'full' },
    }),
    testSet: await torch.openDataset(session, { source: 'digits', split: 'test' }),
  }
}
