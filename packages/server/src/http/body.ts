import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import type { Api, Services } from '../context.ts'
import { ApiError, clientLeftError } from '../errors.ts'
import { hasEndpoint } from './endpoint.ts'
import { maxDepth, measureJson } from './json-shape.ts'
import { getNodeBindings } from './node-bindings.ts'

/**
 * Reads and checks request bodies, up to `MAX_BODY_BYTES`. Hono's own limit reads chunked bodies through web
 * streams and leaves it to each endpoint to check the text.
 */
export function addBodyReader(api: Api, { settings }: Services): void {
  const most = settings.maxBodyBytes
  api.use(async (c, next) => {
    if (c.req.method !== 'POST' || !hasEndpoint(c)) return next()
    if (Number(c.req.header('content-length') ?? 0) > most) throw bodyTooLargeError(most)
    const node = getNodeBindings(c)
    // The client waits for "100 Continue" before it sends the body.
    if (node?.incoming.headers.expect !== undefined) node.outgoing.writeContinue()
    const rawBody = node === undefined ? await readWeb(c.req.raw, most) : await read(node.incoming, most)
    if (!isUtf8(rawBody)) throw new ApiError(400, 'invalid_json', 'The body is not valid UTF-8.')
    const shape = measureJson(rawBody, { depth: maxDepth, values: settings.maxBodyValues })
    if (shape.depth > maxDepth)
      throw new ApiError(400, 'invalid_json', `The body is nested more than ${maxDepth} levels deep.`)
    if (shape.values > settings.maxBodyValues)
      throw new ApiError(
        413,
        'body_too_large',
        `The body contains more than ${settings.maxBodyValues} values.`,
      )
    // @hono/node-server looks here for a body that was already read.
    if (node !== undefined) Object.assign(node.incoming, { rawBody })
    else c.req.raw = new Request(c.req.raw, { body: rawBody })
    await next()
  })
}

/** Reads the body of a request that does not come from Node's server. */
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
    // After the end or an error, `close` has no further effect.
    incoming.on('close', () => reject(clientLeftError()))
    incoming.on('error', () => reject(clientLeftError()))
  })
}

function bodyTooLargeError(most: number): ApiError {
  return new ApiError(413, 'body_too_large', `The body is larger than ${most} bytes.`)
}
