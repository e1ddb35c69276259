import { join } from 'node:path'
import { PACKAGE_FOLDER } from '../files/package-folder'

const DIGITS_FOLDER = join(PACKAGE_FOLDER, 'assets', 'digits')

/** Folders of the trained networks of the digits demonstration, which ship with this package. */
export const DIGITS_NETWORKS = {
  /** In diffusers' format, 190,369 parameters. */
  denoiser: join(DIGITS_FOLDER, 'denoiser'),
  /** In timm's format, 202,186 parameters, trained on clean digits only. */
  classifier: join(DIGITS_FOLDER, 'classifier'),
} as const
