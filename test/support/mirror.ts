/**
 * The mirrors of a company: an npm registry, a Python package index, and the Hugging Face Hub. They use TLS with the company's
 * certificate, paths below the root, and passwords.
 */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream, readdirSync, readFileSync } from 'node:fs'
import { type IncomingMessage, request as requestOf, type ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

export const mirrorNames = {
  registry: 'registry.test',
  index: 'packages.test',
  hub: 'hub.test',
  pythons: 'pythons.test',
} as const

/** The paths of the registry and the index. */
export const registryPath = '/company/npm'
const indexPath = '/company/simple'

export interface Mirror extends AsyncDisposable {
  /** The local port that serves all host names. */
  port: number
  /** `host/path` of each request in order. */
  asked: string[]
}

export interface MirrorOptions {
  certificate: { key: string; cert: string }
  /** The URL of a registry without TLS, which is mirrored. */
  registry: string
  /** The token that npm clients must send. */
  registryToken: string
  /** The folder with the wheels of the index. */
  wheels: string
  /** `user:password` of the index. */
  indexCredentials: string
  /** The URL of a hub without TLS, which is mirrored. */
  hub: string
}

export async function startMirror(options: MirrorOptions): Promise<Mirror> {
  const indexBasic = `Basic ${Buffer.from(options.indexCredentials).toString('base64')}`
  const wheels = readdirSync(options.wheels)
  const server = createServer(options.certificate, (request, response) => {
    const name = request.headers.host ?? ''
    mirror.asked.push(`${name}${request.url}`)
    answer(name, request, response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(502)
      response.end(String(error))
    })
  })
  const mirror: Mirror = {
    port: 0,
    asked: [],
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }

  async function answer(name: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = decodeURIComponent(request.url ?? '/')
    const { authorization } = request.headers
    if (name === mirrorNames.hub) return forward(`${options.hub}${request.url}`, request, response)
    if (name === mirrorNames.registry && path.startsWith(`${registryPath}/`)) {
      if (authorization !== `Bearer ${options.registryToken}`) return void response.writeHead(401).end()
      const target = `${options.registry}${request.url?.slice(registryPath.length)}`
      return forward(target, request, response, (text) =>
        text.replaceAll(options.registry, `https://${mirrorNames.registry}${registryPath}`),
      )
    }
    if (name === mirrorNames.index && path.startsWith('/company/')) {
      if (authorization !== indexBasic) {
        return void response.writeHead(401, { 'www-authenticate': 'Basic realm="packages"' }).end()
      }
      const file = wheels.find((wheel) => path === `/company/files/${wheel}`)
      if (file !== undefined) return pipeline(createReadStream(join(options.wheels, file)), response)
      const project = path.slice(indexPath.length).replaceAll('/', '')
      const links = wheels.filter((wheel) => normalised(wheel.split('-')[0] ?? '') === project)
      if (path.startsWith(`${indexPath}/`) && links.length > 0) {
        response.writeHead(200, { 'content-type': 'text/html' })
        return void response.end(page(links, options.wheels))
      }
    }
    response.writeHead(404).end()
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const bound = server.address()
  if (bound === null || typeof bound === 'string') throw new Error('The server has no port')
  mirror.port = bound.port
  return mirror
}

/** Returns the page of a project in the format of PEP 503. */
function page(wheels: readonly string[], folder: string): string {
  const links = wheels.map((wheel) => {
    const hash = createHash('sha256')
      .update(readFileSync(join(folder, wheel)))
      .digest('hex')
    return `<a href="/company/files/${encodeURIComponent(wheel)}#sha256=${hash}">${wheel}</a>`
  })
  return `<!DOCTYPE html><html><body>${links.join('\n')}</body></html>`
}

function normalised(name: string): string {
  return name.replaceAll(/[-_.]+/g, '-').toLowerCase()
}

/** Forwards a request to a server without TLS. JSON responses are changed with `change`. */
async function forward(
  target: string,
  request: IncomingMessage,
  response: ServerResponse,
  change?: (text: string) => string,
): Promise<void> {
  const { host: _, authorization: __, 'accept-encoding': ___, ...headers } = request.headers
  const outgoing = requestOf(target, { method: request.method, headers })
  request.pipe(outgoing)
  const [incoming]: IncomingMessage[] = await once(outgoing, 'response')
  if (incoming === undefined) throw new Error('no response')
  const { statusCode = 502 } = incoming
  if (change === undefined || !incoming.headers['content-type']?.includes('json')) {
    response.writeHead(statusCode, incoming.headers)
    return pipeline(incoming, response)
  }
  const text = change(Buffer.concat(await incoming.toArray()).toString())
  const { 'content-length': ____, ...rest } = incoming.headers
  response.writeHead(statusCode, rest).end(text)
}
