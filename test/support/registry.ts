/**
 * A registry for package managers, on this machine alone: it has some packages of its own, as if they were published, and
 * passes on what the registry of this machine had at the date of the locks. What it has given once it gives again from here, so
 * that what is measured or tested does not wait for a network.
 */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { execa } from 'execa'
import { z } from 'zod'
import { lockDate } from '../../scripts/lock-date.ts'
import { abbreviate } from './abbreviated-document.ts'
import { brokenPackage } from './broken-package.ts'
import { addVersion, hideNewer, type Times } from './registry-date.ts'
import { openUpstream, type Upstream } from './upstream.ts'

export interface Registry extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  readonly url: string
}

export interface RegistryOptions {
  /** Packages that it has, as `npm pack` makes them; each hides what the other registry has by its name. */
  tarballs: readonly string[]
  /** Hides what others published later; the date of the locks by default. */
  date?: Date
  /** Newer versions of packages, by name, that fail wherever they are used. */
  broken?: ReadonlyMap<string, string>
  /** False for documents that no package manager may keep in its cache; they name a port that is soon another's. */
  kept?: boolean
  /** False to make up no binaries that the other registry lacks: for what is kept, as a lock file is. */
  standIns?: boolean
  /** Where the tarballs of others are kept; a temporary folder by default, which goes when the registry does. */
  cacheFolder?: string
}

const localhost = '127.0.0.1'

/** Every version is as old as that: some package managers take none that was published a moment ago. */
const published = '2025-01-01T00:00:00.000Z'

/** The kinds of documents that are asked for: all about a package, or what an install needs. */
const accepted = { whole: 'application/json', short: 'application/vnd.npm.install-v1+json' } as const

const versionSchema = z.looseObject({
  dist: z.looseObject({ tarball: z.string() }),
  optionalDependencies: z.record(z.string(), z.string()).default({}),
})
const timesSchema = z.record(z.string(), z.unknown())
const documentSchema = z.looseObject({
  versions: z.record(z.string(), versionSchema).default({}),
  'dist-tags': z.record(z.string(), z.string()).default({}),
  time: timesSchema.optional(),
  modified: z.string().optional(),
})
const wholeSchema = z.looseObject({ time: timesSchema })
const manifestSchema = z.looseObject({ name: z.string(), version: z.string() })
const failureSchema = z.object({ statusCode: z.number() })

/** Starts a registry on a free port. */
export async function startRegistry(options: RegistryOptions): Promise<Registry> {
  const folder = options.cacheFolder ?? mkdtempSync(join(tmpdir(), 'create-mlx-app-registry-'))
  mkdirSync(folder, { recursive: true })
  const upstream = await openUpstream()
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      const { success, data } = failureSchema.safeParse(error)
      if (!response.headersSent) response.writeHead(success ? data.statusCode : 502)
      response.end(JSON.stringify({ error: String(error) }))
    })
  })
  server.listen(0, localhost)
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('It has no port')
  const url = `http://${localhost}:${address.port}`
  const shelf = new Shelf(url, upstream, folder, options)
  for (const tarball of options.tarballs) await shelf.add(tarball)
  for (const [name, version] of options.broken ?? []) shelf.break(name, version)

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'GET') return void response.writeHead(405).end('{}')
    const path = decodeURIComponent(new URL(request.url ?? '/', url).pathname).slice(1)
    if (path.includes('/-/')) {
      const file = await shelf.tarball(path)
      response.writeHead(200, {
        'content-type': 'application/octet-stream',
        'cache-control': 'max-age=31536000, immutable',
      })
      return pipeline(createReadStream(file), response)
    }
    const kind = request.headers.accept?.includes(accepted.short) ? 'short' : 'whole'
    const { text, tag } = await shelf.document(path, kind)
    const caching = options.kept === false ? 'no-store' : 'public, max-age=300'
    const headers = { 'content-type': accepted[kind], 'cache-control': caching, etag: tag }
    if (request.headers['if-none-match'] === tag) response.writeHead(304, headers).end()
    else response.writeHead(200, headers).end(text)
  }

  return {
    url,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      if (options.cacheFolder === undefined) rmSync(folder, { recursive: true, force: true })
    },
  }
}

interface Document {
  text: string
  tag: string
}

/** What the registry has, each thing asked of the other one once. */
class Shelf {
  readonly #documents = new Map<string, Promise<Document>>()
  readonly #tarballs = new Map<string, Promise<string>>()
  /** Address of a tarball in the other registry, by its path in this one. */
  readonly #origins = new Map<string, string>()
  /** Versions of packages that others name as optional: binaries, one for each platform. */
  readonly #optional = new Map<string, Set<string>>()
  readonly #url: string
  readonly #upstream: Upstream
  readonly #folder: string
  readonly #date: Date
  readonly #standIns: boolean
  /** Versions that it makes up, by package. */
  readonly #broken = new Map<string, string>()

  constructor(url: string, upstream: Upstream, folder: string, options: RegistryOptions) {
    this.#url = url
    this.#upstream = upstream
    this.#folder = folder
    this.#date = options.date ?? lockDate()
    this.#standIns = options.standIns ?? true
  }

  /** Has a newer version of a package, which fails wherever it is used. */
  break(name: string, version: string): void {
    this.#broken.set(name, version)
  }

  /** Adds a package of its own, as its one version. */
  async add(tarball: string): Promise<void> {
    const packed = await execa('tar', ['-xzOf', tarball, 'package/package.json'])
    const manifest = manifestSchema.parse(JSON.parse(packed.stdout))
    const { name, version } = manifest
    const path = `${name}/-/${basename(tarball)}`
    const dist = distOf(tarball, `${this.#url}/${path}`)
    const document = documentOf({
      name,
      'dist-tags': { latest: version },
      versions: { [version]: { ...manifest, _id: `${name}@${version}`, dist } },
      time: { created: published, modified: published, [version]: published },
    })
    for (const kind of ['whole', 'short']) this.#documents.set(`${kind} ${name}`, Promise.resolve(document))
    this.#tarballs.set(path, Promise.resolve(tarball))
  }

  /** What the registry says about a package. */
  document(name: string, kind: keyof typeof accepted): Promise<Document> {
    return remembered(this.#documents, `${kind} ${name}`, async () => {
      const document = documentSchema.parse(JSON.parse(await this.#original(name, kind)))
      hideNewer(document, await this.#times(name, document), this.#date)
      for (const { dist, optionalDependencies } of Object.values(document.versions)) {
        const path = `${name}/-/${basename(new URL(dist.tarball).pathname)}`
        this.#origins.set(path, dist.tarball)
        dist.tarball = `${this.#url}/${path}`
        for (const [optional, version] of Object.entries(this.#standIns ? optionalDependencies : {})) {
          this.#optional.set(optional, (this.#optional.get(optional) ?? new Set()).add(version))
        }
      }
      for (const version of this.#optional.get(name) ?? []) {
        if (version in document.versions || !/^\d+\.\d+\.\d+$/.test(version)) continue
        document.versions[version] = this.#notForAnyone(name, version)
        if (document.time !== undefined) document.time[version] = published
      }
      const broken = this.#broken.get(name)
      if (broken !== undefined) {
        addVersion(document, broken, await this.#addBroken(name, broken))
        if (document.time !== undefined) document.time[broken] = published
      }
      if (kind === 'short') abbreviate(document)
      return documentOf(document)
    })
  }

  /** When the versions of a document were published. Whole documents are large: one is asked for only where it may matter. */
  async #times(name: string, { time, modified }: z.infer<typeof documentSchema>): Promise<Times> {
    if (time !== undefined) return time
    if (modified !== undefined && new Date(modified) <= this.#date) return {}
    return wholeSchema.parse(JSON.parse(await this.#original(name, 'whole'))).time
  }

  /** Makes the tarball of a broken version. @returns its manifest. */
  async #addBroken(name: string, version: string): Promise<z.infer<typeof versionSchema>> {
    const { tarball, manifest } = await brokenPackage(this.#folder, name, version)
    const path = `${name}/-/${basename(tarball)}`
    this.#tarballs.set(path, Promise.resolve(tarball))
    return versionSchema.parse({ ...manifest, dist: distOf(tarball, `${this.#url}/${path}`) })
  }

  /** What the other registry says, or, of a package that is optional for one that was asked for, nothing. */
  async #original(name: string, kind: keyof typeof accepted): Promise<string> {
    try {
      return (await this.#upstream.get(`/${name.replace('/', '%2f')}`, accepted[kind], this.#date)).toString()
    } catch (error) {
      if (this.#optional.has(name) && failureSchema.safeParse(error).data?.statusCode === 404) {
        return JSON.stringify({ name, 'dist-tags': {}, time: { created: published, modified: published } })
      }
      throw error
    }
  }

  /**
   * A binary for a platform that a mirror of the registry does not have, since nobody there has that platform: Yarn wants to
   * know of each one, whatever it installs. This one can be installed nowhere, so it hides nothing.
   */
  #notForAnyone(name: string, version: string): z.infer<typeof versionSchema> {
    const dist = { tarball: `${this.#url}/${name}/-/none-${version}.tgz`, shasum: '0'.repeat(40) }
    return { name, version, os: ['none'], cpu: ['none'], dist, optionalDependencies: {} }
  }

  /** The file of a tarball. */
  tarball(path: string): Promise<string> {
    return remembered(this.#tarballs, path, async () => {
      const file = join(this.#folder, path.replaceAll('/', '+'))
      if (existsSync(file)) return file
      // A lock file may name it before anyone has asked for its package.
      const origin = this.#origins.get(path) ?? `${this.#upstream.registry}${path}`
      writeFileSync(`${file}.part`, await this.#upstream.get(origin, '*/*'))
      renameSync(`${file}.part`, file)
      return file
    })
  }
}

/** What a document says of a version's tarball. @param address where it can be had. */
function distOf(tarball: string, address: string): z.infer<typeof versionSchema>['dist'] {
  const bytes = readFileSync(tarball)
  const hash = (algorithm: string) => createHash(algorithm).update(bytes)
  return {
    tarball: address,
    integrity: `sha512-${hash('sha512').digest('base64')}`,
    shasum: hash('sha1').digest('hex'),
  }
}

function documentOf(content: object): Document {
  const text = JSON.stringify(content)
  return { text, tag: `"${createHash('sha1').update(text).digest('hex')}"` }
}

/** What was made for a key, or is being made; what failed is made again when it is next asked for. */
function remembered<Made>(
  made: Map<string, Promise<Made>>,
  key: string,
  make: () => Promise<Made>,
): Promise<Made> {
  const known = made.get(key)
  if (known !== undefined) return known
  const making = make()
  made.set(key, making)
  making.catch(() => made.delete(key))
  return making
}
