/** Returns the remedy for a failed write, as the beginning of a sentence: `Make room`. */
export function diskRemedy(cause: unknown): string {
  const { code = '' } = Object(cause) as NodeJS.ErrnoException
  if (['ENOSPC', 'EDQUOT'].includes(code)) return 'Make room'
  if (['EACCES', 'EPERM', 'EROFS'].includes(code)) return 'Give back the right to write there'
  if (['ENOENT', 'ENOTDIR', 'ESTALE'].includes(code)) return 'Bring the folder back'
  return 'Look after the disk'
}
