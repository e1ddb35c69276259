/** Prints the packages and the folders of src that the command line has loaded before it runs a command. */
import { createFtCadis } from '../../src/cli/ft-cadis'

createFtCadis().helpInformation()
const names = Object.keys(require.cache).flatMap(
  path =>
    /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ??
    /\/(src\/(?!.*node_modules)[^/]+)\//.exec(path)?.[1] ??
    [],
)
process.stdout.write(JSON.stringify([...new Set(names)]))
