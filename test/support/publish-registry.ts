/** A registry that npm publishes to, on this machine alone. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { z } from 'zod'

/** A package as it was published. */
export interface Published {
  version: string
  /** Whom it was published for. */
  access: string
  /** Its tarball. */
  bytes: Buffer
}

export interface PublishRegistry extends AsyncDisposable {
  /** With a slash at the end. */
  readonly url: string
  /** What has been published, by name, in this order. */
  readonly packages: Map<string, Published>
  /** Name of a package that can't be published now. */
  refused: string | undefined
}

const publishedSchema = z.object({
  name: z.string(),
  access: z.string(),
  'dist-tags': z.object({ latest: z.string() }),
  _attachments: z.record(z.string(), z.object({ data: z.base64() })),
})

/** Starts one that has no package. */
export async function startPublishRegistry(): Promise<PublishRegistry> {
  const packages = new Map<string, Published>()
  const server = createServer(async (request, response) => {
    const answer = (status: number, body: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    const name = decodeURIComponent((request.url ?? '').slice(1))
    const sent = await text(request)
    if (request.method === 'PUT') {
      if (name === npm.refused) return void answer(500, { error: 'There is no room' })
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
  if (address === null || typeof address === 'string') throw new Error('It has no port')
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
