import { type Plain, PlainHandle } from '../bridge'
import type { AnyDenoiser } from './image-denoiser'
import type { Classifier } from './modules'
import { pythonSpec, type Spec } from './spec'

/** Where weights are from: path or hub id, SHA-256 of the files, whether they are known to be published ones. */
export type Provenance = { readonly [key: string]: Plain }

/** Where the weights of a network are from, which was loaded from `spec`. Hashes its files. */
export function provenance(network: Classifier | AnyDenoiser, spec: Spec): PlainHandle<Provenance> {
  return network.session.record('provenance', [network], {
    parameters: { spec: pythonSpec(spec) },
    make: (session, id) => new PlainHandle<Provenance>(session, id),
  })
}
