/** A local registry that npm can publish to. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { z } from 'zod'

/** A published package. */
export interface Published {
  version: string
  /** The access that it was published with. */
  access: string
  /** The tarball. */
  bytes: Buffer
}

export interface PublishRegistry extends AsyncDisposable {
  /** The URL of the registry with a trailing slash. */
  readonly url: string
  /** The published packages by name, in order. */
  readonly packages: Map<string, Published>
  /** The name of a package for which publishing fails. */
  refused: string | undefined
}

const publishedSchema = z.object({
  name: z.string(),
  access: z.string(),
  'dist-tags': z.object({ latest: z.string() }),
  _attachments: z.record(z.string(), z.object({ data: z.base64() })),
})

/** Starts an empty registry. */
export async function startPublishRegistry(): Promise<PublishRegistry> {
  const packages = new Map<string, Published>()
  const server = createServer(async (request, response) => {
    const answer = (status: number, body: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    const name = decodeURIComponent((request.url ?? '').slice(1))
    const sent = await text(request)
    if (request.method === 'PUT') {
      if (name === npm.refused) return void answer(500, { error: 'No space left' })
      const { access, 'dist-tags': tags, _attachments: attachments } = publishedSchema.parse(JSON.parse(sent))
      const [data = ''] = Object.values(attachments).map((attachment) => attachment.data)
      packages.set(name, { version: tags.latest, access, bytes: Buffer.from(data, 'base64') })
      return void answer(201, { success: true })
    }
    const published = packages.get(name)
    if (published === undefined) return void answer(404, { error: 'Not found' })
    const { version, bytes } = published
    const integrity = `sha512-${createHash('sha512').update(bytes).digest('base64')}`
    const dist = { integrity, tarball: `${npm.url}${name}/-/${name}-${version}.tgz` }
    answer(200, {
      name,
      'dist-tags': { latest: version },
      versions: { [version]: { name, version, dist } },
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The server has no port')
  const npm: PublishRegistry = {
    url: `http://127.0.0.1:${address.port}/`,
    packages,
    refused: undefined,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return npm
}
