import type { ContentPart } from 'mlx-app'
import type { Services } from '../context.ts'
import { ApiError, invalid } from '../errors.ts'
import { DownloadRefused, download, isAllowedHost } from './image-download.ts'

/** Of one image; the worker takes no larger one. */
const mostBytes = 16 * 1024 * 1024
/** For all downloads of one request together, in milliseconds. */
const downloadMs = 10_000

const kinds = ['image/png', 'image/jpeg', 'image/webp'] as const
const accepted = 'a data URL of a PNG, JPEG or WebP file in base64, or the address of one on a listed host'

export interface ImageOptions {
  /** What `ServedModels.resolve` gave as `model`. */
  model: string | undefined
  /** The client's. */
  signal: AbortSignal
}

/** The images of one request. Bytes come from the request itself, or from hosts that the owner listed: nowhere else. */
export class Images {
  readonly #services: Pick<Services, 'engineService' | 'settings'>
  readonly #options: ImageOptions
  #visionCheck: Promise<void> | undefined
  #bytesLeft: number
  #signal: AbortSignal | undefined

  constructor(services: Pick<Services, 'engineService' | 'settings'>, options: ImageOptions) {
    this.#services = services
    this.#options = options
    this.#bytesLeft = services.settings.maxBodyBytes
  }

  /**
   * The image of a data URL, or of an address on a listed host.
   *
   * @param param where it stands in the body.
   * @throws ApiError 400 for a model that doesn't see, before anything is fetched, and for whatever is no such image.
   */
  async fromUrl(url: string, param: string): Promise<ContentPart> {
    await this.#requireVision(param)
    const inline = /^data:([^;,]*);base64,/i.exec(url.slice(0, 100))
    if (inline !== null) return fromBase64(url.slice(inline[0].length), inline[1], param)
    const address = URL.canParse(url) ? new URL(url) : undefined
    if (address?.protocol !== 'https:' && address?.protocol !== 'http:') {
      throw invalid(`${param}: an image is ${accepted}.`, param)
    }
    const { imageHosts } = this.#services.settings
    if (!isAllowedHost(address, imageHosts) || address.username !== '' || address.password !== '') {
      const listed = imageHosts.length === 0 ? 'none' : imageHosts.join(', ')
      throw invalid(`${param}: nothing is fetched from there; listed hosts: ${listed}. ${dataUrl}`, param)
    }
    return { type: 'image', image: checkImageFormat(await this.#download(address, param), param) }
  }

  /**
   * The image of a base64 text.
   *
   * @throws ApiError 400 for a model that doesn't see, and for whatever is no image.
   */
  async fromBase64(data: string, mediaType: string, param: string): Promise<ContentPart> {
    await this.#requireVision(param)
    return fromBase64(data, mediaType, param)
  }

  /** Loads the model if it is not in memory: only then is it known whether it sees. */
  #requireVision(param: string): Promise<void> {
    const { model, signal } = this.#options
    this.#visionCheck ??= this.#services.engineService.engine
      .loadModel({ ...(model !== undefined && { model }), download: false, signal })
      .then((loaded) => {
        if (loaded.capabilities.includes('images')) return
        throw new ApiError(400, 'unsupported', `${param}: this model takes no images.`, { param })
      })
    return this.#visionCheck
  }

  async #download(address: URL, param: string): Promise<Uint8Array> {
    this.#signal ??= AbortSignal.any([this.#options.signal, AbortSignal.timeout(downloadMs)])
    try {
      const bytes = await download(address, Math.min(mostBytes, this.#bytesLeft), this.#signal)
      this.#bytesLeft -= bytes.length
      return bytes
    } catch (cause) {
      if (this.#options.signal.aborted) {
        throw new ApiError(499, 'client_closed_request', 'The client left.', { cause })
      }
      const reason = this.#signal.aborted
        ? `it took longer than ${downloadMs / 1000} seconds`
        : cause instanceof DownloadRefused
          ? cause.message
          : 'its host can not be reached'
      throw new ApiError(400, 'invalid_value', `${param}: the image can't be had: ${reason}.`, {
        param,
        cause,
      })
    }
  }
}

const dataUrl = 'Send the image as a data URL.'

function fromBase64(data: string, mediaType: string | undefined, param: string): ContentPart {
  const kind = mediaType?.toLowerCase()
  if (kind !== 'image/jpg' && !kinds.some((known) => known === kind)) {
    throw invalid(`${param}: an image is ${accepted}.`, param)
  }
  if (data.length > (mostBytes / 3) * 4 + 4) {
    throw invalid(`${param}: an image may have ${mostBytes} bytes.`, param)
  }
  const bytes = Buffer.from(data, 'base64')
  // The decoder passes over what is no base64, so that less comes out than there should be.
  const whole = data.replace(/={1,2}$/, '').length
  if (bytes.length !== Math.floor((whole * 3) / 4)) throw invalid(`${param}: this is not base64.`, param)
  return { type: 'image', image: checkImageFormat(bytes, param) }
}

/** By the first bytes: what an image says of itself may be wrong. */
function checkImageFormat(bytes: Uint8Array, param: string): Uint8Array {
  const start = Buffer.from(bytes.subarray(0, 12)).toString('latin1')
  const known =
    start.startsWith('\x89PNG\r\n\x1a\n') ||
    start.startsWith('\xff\xd8\xff') ||
    (start.startsWith('RIFF') && start.endsWith('WEBP'))
  if (!known) throw invalid(`${param}: this is no PNG, JPEG or WebP file.`, param)
  return bytes
}
