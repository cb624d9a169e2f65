import type { ContentPart } from 'mlx-app'
import type { Services } from '../context.ts'
import { ApiError, clientLeftError, invalid } from '../errors.ts'
import { DownloadRefused, download, isAllowedHost } from './image-download.ts'

/** The maximum size of an image, which is also the worker's limit. */
const maxBytes = 16 * 1024 * 1024
/** The timeout for all downloads of a request together. */
const downloadTimeoutMs = 10_000

const mediaTypes = ['image/png', 'image/jpeg', 'image/webp'] as const
const accepted = 'a base64 data URL of a PNG, JPEG or WebP file, or the URL of one on an allowed host'

export interface ImageOptions {
  /** The model from `ServedModels.resolve`. */
  model: string | undefined
  /** The signal of the client. */
  signal: AbortSignal
}

/** Reads the images of a request. They come from the request itself or from allowed hosts. */
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
   * Reads an image from a data URL, or downloads it from an allowed host.
   *
   * @param param the path of the image in the body.
   * @throws ApiError 400 if the model does not accept images, before any download, or if the image is invalid.
   */
  async fromUrl(url: string, param: string): Promise<ContentPart> {
    await this.#requireVision(param)
    const inline = /^data:([^;,]*);base64,/i.exec(url.slice(0, 100))
    if (inline !== null) return fromBase64(url.slice(inline[0].length), inline[1], param)
    const address = URL.canParse(url) ? new URL(url) : undefined
    if (address?.protocol !== 'https:' && address?.protocol !== 'http:') {
      throw invalid(`${param}: expected ${accepted}.`, param)
    }
    const { imageHosts } = this.#services.settings
    if (!isAllowedHost(address, imageHosts) || address.username !== '' || address.password !== '') {
      const allowed = imageHosts.length === 0 ? 'none' : imageHosts.join(', ')
      throw invalid(
        `${param}: images are not downloaded from this host. Allowed hosts: ${allowed}. Use a data URL instead.`,
        param,
      )
    }
    return { type: 'image', image: checkImageFormat(await this.#download(address, param), param) }
  }

  /**
   * Reads an image from base64.
   *
   * @throws ApiError 400 if the model does not accept images or the image is invalid.
   */
  async fromBase64(data: string, mediaType: string, param: string): Promise<ContentPart> {
    await this.#requireVision(param)
    return fromBase64(data, mediaType, param)
  }

  /** Checks that the model accepts images, which is known only after it is loaded. */
  #requireVision(param: string): Promise<void> {
    const { model, signal } = this.#options
    this.#visionCheck ??= this.#services.engineService.engine
      .loadModel({ ...(model !== undefined && { model }), download: false, signal })
      .then((loaded) => {
        if (loaded.capabilities.includes('images')) return
        throw new ApiError(400, 'unsupported', `${param}: this model does not accept images.`, { param })
      })
    return this.#visionCheck
  }

  async #download(address: URL, param: string): Promise<Uint8Array> {
    this.#signal ??= AbortSignal.any([this.#options.signal, AbortSignal.timeout(downloadTimeoutMs)])
    try {
      const bytes = await download(address, Math.min(maxBytes, this.#bytesLeft), this.#signal)
      this.#bytesLeft -= bytes.length
      return bytes
    } catch (cause) {
      if (this.#options.signal.aborted) throw clientLeftError(cause)
      const reason = this.#signal.aborted
        ? `it took longer than ${downloadTimeoutMs / 1000} seconds`
        : cause instanceof DownloadRefused
          ? cause.message
          : 'the host cannot be reached'
      throw new ApiError(400, 'invalid_value', `${param}: the image could not be downloaded: ${reason}.`, {
        param,
        cause,
      })
    }
  }
}

function fromBase64(data: string, mediaType: string | undefined, param: string): ContentPart {
  const type = mediaType?.toLowerCase()
  if (type !== 'image/jpg' && !mediaTypes.some((known) => known === type)) {
    throw invalid(`${param}: expected ${accepted}.`, param)
  }
  if (data.length > (maxBytes / 3) * 4 + 4) {
    throw invalid(`${param}: an image can have at most ${maxBytes} bytes.`, param)
  }
  const bytes = Buffer.from(data, 'base64')
  // The decoder skips invalid characters, so invalid base64 yields too few bytes.
  const characters = data.replace(/={1,2}$/, '').length
  if (bytes.length !== Math.floor((characters * 3) / 4)) throw invalid(`${param}: invalid base64.`, param)
  return { type: 'image', image: checkImageFormat(bytes, param) }
}

/** Checks the format of an image by its first bytes, because its media type may be wrong. */
function checkImageFormat(bytes: Uint8Array, param: string): Uint8Array {
  const start = Buffer.from(bytes.subarray(0, 12)).toString('latin1')
  const known =
    start.startsWith('\x89PNG\r\n\x1a\n') ||
    start.startsWith('\xff\xd8\xff') ||
    (start.startsWith('RIFF') && start.endsWith('WEBP'))
  if (!known) throw invalid(`${param}: not a PNG, JPEG or WebP file.`, param)
  return bytes
}
