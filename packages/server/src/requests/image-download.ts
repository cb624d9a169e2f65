import type { LookupAddress } from 'node:dns'
import { lookup } from 'node:dns/promises'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { LookupFunction } from 'node:net'
import { isPublic } from './public-address.ts'

/** What makes an image one that is not to be had; for the client's eyes. */
export class DownloadRefused extends Error {
  override readonly name = 'DownloadRefused'
}

/**
 * Whether the list of the settings names the place of an address. An entry is a host, for HTTPS on its usual port, or a
 * whole origin such as `http://10.0.0.5:9000`.
 */
export function isAllowedHost(address: URL, hosts: readonly string[]): boolean {
  return hosts.some((entry) => {
    const origin = entry.includes('://') ? entry : `https://${entry}`
    return URL.canParse(origin) && new URL(origin).origin === address.origin
  })
}

/** Finds the addresses of a name; Node's own unless a test has another. */
export type Resolve = (hostname: string) => Promise<LookupAddress[]>

const resolveName: Resolve = (hostname) => lookup(hostname, { all: true })

/**
 * The bytes behind a listed address. Nothing else is asked: redirects are refused, and a name that leads to an address
 * inside is refused at the moment of connecting, so that a name can't change its mind after it was looked at.
 *
 * @throws DownloadRefused with what is wrong; Error of the network's, or AbortError after the signal.
 */
export async function download(
  address: URL,
  maxBytes: number,
  signal: AbortSignal,
  resolve: Resolve = resolveName,
): Promise<Uint8Array> {
  const response = await open(address, signal, createPublicLookup(resolve))
  const { statusCode = 0 } = response
  try {
    if (statusCode >= 300 && statusCode < 400) throw new DownloadRefused('redirects are not followed')
    if (statusCode !== 200) throw new DownloadRefused(`its host answered with status ${statusCode}`)
    const chunks: Uint8Array[] = []
    let bytes = 0
    for await (const chunk of response) {
      bytes += chunk.length
      if (bytes > maxBytes) throw new DownloadRefused(`it is larger than ${maxBytes} bytes`)
      chunks.push(chunk)
    }
    return Buffer.concat(chunks)
  } finally {
    response.destroy()
  }
}

function open(address: URL, signal: AbortSignal, lookup: LookupFunction): Promise<IncomingMessage> {
  const request = address.protocol === 'https:' ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    const headers = { accept: 'image/png, image/jpeg, image/webp', 'accept-encoding': 'identity' }
    // A connection of its own, which nobody else's look-up opened.
    const sent = request(address, { agent: false, headers, lookup, signal }, resolve)
    sent.on('error', reject)
    sent.end()
  })
}

/** Looks names up for a connection; `localhost` is listed by whoever means it. */
function createPublicLookup(resolve: Resolve): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname).then(
      (found) => {
        const [first] = found
        const refused = hostname !== 'localhost' && found.some(({ address }) => !isPublic(address))
        if (first === undefined || refused) {
          callback(new DownloadRefused('its host leads to an address inside a network'), '')
        } else if (options.all === true) callback(null, found)
        else callback(null, first.address, first.family)
      },
      (error) => callback(error, ''),
    )
  }
}
