import { isObject } from '../files/read-json'

/** The default number of test images to certify from a folder. */
const FOLDER_IMAGES = { overClasses: 500 } as const

/**
 * Returns settings that choose the images of a folder to certify. A folder lists its images class by class and may have
 * very many, so the default is 500, drawn over the classes.
 */
export function withFolderImages(settings: unknown): unknown {
  if (!isObject(settings) || !isObject(settings.data) || settings.data.source !== 'folder') return settings
  const { certification = {} } = settings
  // The schema refuses other values.
  if (!isObject(certification) || certification.images !== undefined) return settings
  return { ...settings, certification: { ...certification, images: FOLDER_IMAGES } }
}
