import { UnusableImageError } from '../certification/prediction/unusable-image'
import { ConfigError, type FtCadisError, PythonExitError } from '../errors'
import { NetworksGoneError } from './predictor'

/** The reason for refusing a request, and what to change. */
export class Refusal extends Error {
  readonly remedy: string

  constructor(
    readonly status: number,
    message: string,
    { remedy }: { readonly remedy: string },
  ) {
    super(message)
    this.remedy = remedy
  }
}

/** The values that the text of a refusal shows. */
interface Terms {
  readonly megabytes: number
  /** The Content-Type of the request. */
  readonly contentType: string | undefined
}

/** Refusals of Fastify and its plugins, by error code. */
const REFUSED_BY_FASTIFY: Readonly<Record<string, (terms: Terms) => Refusal>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: tooLarge,
  FST_REQ_FILE_TOO_LARGE: tooLarge,
  FST_FILES_LIMIT: () => new Refusal(422, 'The form has more than one file.', { remedy: 'Send one image.' }),
  FST_FIELDS_LIMIT: () =>
    new Refusal(422, 'The form has too many fields.', { remedy: 'Send one image and the options.' }),
  FST_PARTS_LIMIT: () =>
    new Refusal(422, 'The form has too many parts.', { remedy: 'Send one image and the options.' }),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: unknownType,
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: () =>
    new Refusal(400, 'The body has another length than its header says.', { remedy: 'Send it again.' }),
}

/** Returns the refusal for an error, without details about this machine. */
export function refusalOf(error: unknown, terms: Terms): Refusal {
  if (error instanceof Refusal) return error
  if (error instanceof UnusableImageError) {
    const { kind, reason } = error.problem
    // The reason quotes the first bytes, and logs contain no part of an image.
    if (kind === 'format') return new Refusal(415, 'No image format is recognised in it.', error)
    return new Refusal(
      kind === 'pixels' ? 413 : 422,
      `The image cannot be used: ${withoutSetting(reason)}.`,
      error,
    )
  }
  if (error instanceof PythonExitError || error instanceof NetworksGoneError) {
    return new Refusal(503, 'The networks are gone: Python has ended twice, or does not start.', {
      remedy: 'Try again in a minute; if it happens with this image alone, send another one.',
    })
  }
  if (error instanceof ConfigError) return new Refusal(422, whatOf(error), error)
  const { code, validation } = Object(error) as { code?: string; validation?: readonly Invalid[] }
  const known = REFUSED_BY_FASTIFY[code ?? '']
  if (known !== undefined) return known(terms)
  if (validation !== undefined) {
    const [{ instancePath = '', message = '' } = {}] = validation
    return optionRefusal(instancePath.slice(1), message)
  }
  const { statusCode } = Object(error) as { statusCode?: number }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new Refusal(statusCode, (error as Error).message, { remedy: 'See /docs for what is accepted.' })
  }
  return new Refusal(500, 'The image could not be classified; the log of the service says why.', {
    remedy: 'Tell who runs the service.',
  })
}

/** The report of a validator. */
interface Invalid {
  /** `/n` */
  readonly instancePath?: string
  readonly message?: string
}

/** Returns the refusal of a named option, or of the request if the option is unknown. */
export function optionRefusal(option: string, why: string): Refusal {
  return new Refusal(422, `${option === '' ? 'The options' : `The option ${option}`}: ${why}.`, {
    remedy: 'See /docs for the options there are.',
  })
}

/** Removes the name of a setting: limits belong to the service here, not to data. */
function withoutSetting(reason: string): string {
  return reason.replace(/ \(data\.\w+\)/, '')
}

/** Returns the message without its last sentence, the remedy. */
function whatOf({ message, remedy }: FtCadisError): string {
  return message.endsWith(remedy) ? message.slice(0, -remedy.length).trim() : message
}

function tooLarge({ megabytes }: Terms): Refusal {
  return new Refusal(413, `The image has more than ${megabytes} MB.`, { remedy: 'Send a smaller image.' })
}

function unknownType({ contentType }: Terms): Refusal {
  const found =
    contentType === undefined ? 'no Content-Type' : `Content-Type ${JSON.stringify(contentType.slice(0, 60))}`
  return new Refusal(
    415,
    `The body has ${found}, expected image/jpeg, image/png or another image type, application/octet-stream, or multipart/form-data with one file.`,
    { remedy: "Send the type of the image, with curl by -H 'Content-Type: image/jpeg'." },
  )
}
