import { findMissing } from '../../src/environment/inspect-environment'
import { resolveInterpreter } from '../../src/environment/interpreter'
import { EXTRA_FILES } from '../../src/environment/paths'
import { readRequirements } from '../../src/environment/requirements'

/** Why the graph of ONNX cannot be written here; undefined where it can. */
export async function onnxIsMissing(): Promise<string | undefined> {
  const { path } = await resolveInterpreter()
  const missing = await findMissing(path, (await readRequirements(EXTRA_FILES.onnx)).requirements)
  return missing.length === 0 ? undefined : `${missing.map(({ name }) => name).join(', ')} not installed`
}
