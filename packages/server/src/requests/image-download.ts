import type { LookupAddress } from 'node:dns'
import { lookup } from 'node:dns/promises'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { LookupFunction } from 'node:net'
import { isPublic } from './public-address.ts'

/** The reason why an image cannot be downloaded. Clients see it. */
export class DownloadRefused extends Error {
  override readonly name = 'DownloadRefused'
}

/**
 * Whether images can be downloaded from a URL. An entry of `hosts` is a host name, for HTTPS on the default port, or
 * an origin such as `http://10.0.0.5:9000`.
 */
export function isAllowedHost(address: URL, hosts: readonly string[]): boolean {
  return hosts.some((entry) => {
    const origin = entry.includes('://') ? entry : `https://${entry}`
    return URL.canParse(origin) && new URL(origin).origin === address.origin
  })
}

/** Resolves a host name. Tests replace Node's implementation. */
export type Resolve = (hostname: string) => Promise<LookupAddress[]>

const resolveName: Resolve = (hostname) => lookup(hostname, { all: true })

/**
 * Downloads an image from an allowed host. Redirects are not followed. Names are checked when the connection is made,
 * so that a name cannot resolve to a private address after the check.
 *
 * @throws DownloadRefused with the reason, a network Error, or an AbortError if `signal` aborts.
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
    if (statusCode !== 200) throw new DownloadRefused(`the host answered with status ${statusCode}`)
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
    // Use a new connection, so that the address is checked.
    const sent = request(address, { agent: false, headers, lookup, signal }, resolve)
    sent.on('error', reject)
    sent.end()
  })
}

/** Creates a lookup that rejects private addresses. An allowed `localhost` is intended. */
function createPublicLookup(resolve: Resolve): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname).then(
      (found) => {
        const [first] = found
        const refused = hostname !== 'localhost' && found.some(({ address }) => !isPublic(address))
        if (first === undefined || refused) {
          callback(new DownloadRefused('the host resolves to a private address'), '')
        } else if (options.all === true) callback(null, found)
        else callback(null, first.address, first.family)
      },
      (error) => callback(error, ''),
    )
  }
}
