import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import type { Api, Services } from '../context.ts'
import { ApiError } from '../errors.ts'
import { hasEndpoint } from './endpoint.ts'
import { measureJson } from './json-shape.ts'
import { getNodeBindings } from './node-bindings.ts'

/** Far more than any schema of a tool, far less than what a walk through it can stand. */
const deepest = 128

/**
 * Reads the bodies of requests, and never more of one than `MAX_BODY_BYTES`. Hono's own limit reads chunked bodies
 * through web streams, and leaves the text of a body to be checked by each endpoint.
 */
export function addBodyReader(api: Api, { settings }: Services): void {
  const most = settings.maxBodyBytes
  api.use(async (c, next) => {
    if (c.req.method !== 'POST' || !hasEndpoint(c)) return next()
    if (Number(c.req.header('content-length') ?? 0) > most) throw bodyTooLargeError(most)
    const node = getNodeBindings(c)
    // The client waits for a word before it sends the body.
    if (node?.incoming.headers.expect !== undefined) node.outgoing.writeContinue()
    const rawBody = node === undefined ? await readWeb(c.req.raw, most) : await read(node.incoming, most)
    if (!isUtf8(rawBody)) throw new ApiError(400, 'invalid_json', 'The body is not valid UTF-8.')
    const shape = measureJson(rawBody, { depth: deepest, values: settings.maxBodyValues })
    if (shape.depth > deepest)
      throw new ApiError(400, 'invalid_json', `The body is nested deeper than ${deepest} levels.`)
    if (shape.values > settings.maxBodyValues)
      throw new ApiError(413, 'body_too_large', `The body holds more than ${settings.maxBodyValues} values.`)
    // Where @hono/node-server looks for a body that was read already.
    if (node !== undefined) Object.assign(node.incoming, { rawBody })
    else c.req.raw = new Request(c.req.raw, { body: rawBody })
    await next()
  })
}

/** As `read`, where no Node request is behind it. */
async function readWeb({ body }: Request, most: number): Promise<Buffer<ArrayBuffer>> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body ?? []) {
    bytes += chunk.length
    if (bytes > most) throw bodyTooLargeError(most)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function read(incoming: IncomingMessage, most: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let bytes = 0
    incoming.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= most) chunks.push(chunk)
      else {
        chunks.length = 0
        reject(bodyTooLargeError(most))
      }
    })
    incoming.on('end', () => resolve(Buffer.concat(chunks)))
    // After its end, or a failure, this says nothing new.
    incoming.on('close', () => reject(new ApiError(499, 'client_closed_request', 'The client left.')))
    incoming.on('error', () => reject(new ApiError(499, 'client_closed_request', 'The client left.')))
  })
}

function bodyTooLargeError(most: number): ApiError {
  return new ApiError(413, 'body_too_large', `The body is larger than ${most} bytes.`)
}
