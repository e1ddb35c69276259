import { isObject } from '../files/read-json'

/** How many test images of a folder are certified where nothing else is said. */
const FOLDER_IMAGES = { overClasses: 500 } as const

/**
 * Settings that say which images of a folder are certified. A folder lists its images class by class and may have very many: by
 * default 500 are drawn over the classes.
 */
export function withFolderImages(settings: unknown): unknown {
  if (!isObject(settings) || !isObject(settings.data) || settings.data.source !== 'folder') return settings
  const { certification = {} } = settings
  // Other values are left for the schema to refuse.
  if (!isObject(certification) || certification.images !== undefined) return settings
  return { ...settings, certification: { ...certification, images: FOLDER_IMAGES } }
}
