import { type Plain, PlainHandle } from '../bridge'
import type { AnyDenoiser } from './image-denoiser'
import type { Classifier } from './modules'
import { pythonSpec, type Spec } from './spec'

/** The source of weights: path or hub id, SHA-256 of the files, whether they are known published ones. */
export type Provenance = { readonly [key: string]: Plain }

/** Returns the provenance of a network's weights that were loaded from `spec`. Hashes the files. */
export function provenance(network: Classifier | AnyDenoiser, spec: Spec): PlainHandle<Provenance> {
  return network.session.record('provenance', [network], {
    parameters: { spec: pythonSpec(spec) },
    make: (session, id) => new PlainHandle<Provenance>(session, id),
  })
}
