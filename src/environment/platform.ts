import { PythonStartError } from '../errors'

/**
 * Refuses Windows before anything starts: the connection to Python uses Unix sockets and signals.
 *
 * @throws PythonStartError on Windows
 */
export function requirePlatform(platform: NodeJS.Platform = process.platform): void {
  if (platform !== 'win32') return
  throw new PythonStartError('ft-cadis computes on Linux and macOS, and this is Windows.', {
    remedy:
      'Install WSL with `wsl --install`, then Node, ft-cadis and its Python inside of it; runs, report, analyze, verify, init and certify merge work here too.',
  })
}
