/**
 * A local registry for package managers. It has some packages of its own, and forwards everything else to the configured
 * registry, as it was at the date of the locks. Responses are cached, so that benches and tests don't wait for the network.
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
  /** `http://127.0.0.1:PORT`, without a trailing slash. */
  readonly url: string
}

export interface RegistryOptions {
  /** Tarballs from `npm pack`. Each one hides the package with the same name in the other registry. */
  tarballs: readonly string[]
  /** Hides what was published later. The default is the date of the locks. */
  date?: Date
  /** When the tarballs were published. The default is long ago, because some package managers ignore newer versions. */
  published?: Date
  /** Newer versions of packages that are broken, by name. */
  broken?: ReadonlyMap<string, string>
  /** Whether package managers may cache documents. They contain a port that is soon used by something else. */
  kept?: boolean
  /** Whether to make up binaries that the other registry lacks. False for results that are kept, such as lock files. */
  standIns?: boolean
  /** The folder that caches tarballs. The default is a temporary folder. */
  cacheFolder?: string
}

const localhost = '127.0.0.1'

/** The publication time of made-up versions, and of own packages unless a test has another one. */
const published = '2025-01-01T00:00:00.000Z'

/** The kinds of documents: full, or abbreviated for installs. */
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
  if (address === null || typeof address === 'string') throw new Error('The server has no port')
  const url = `http://${localhost}:${address.port}`
  const store = new PackageStore(url, upstream, folder, options)
  for (const tarball of options.tarballs) await store.add(tarball)
  for (const [name, version] of options.broken ?? []) store.break(name, version)

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'GET') return void response.writeHead(405).end('{}')
    const path = decodeURIComponent(new URL(request.url ?? '/', url).pathname).slice(1)
    if (path.includes('/-/')) {
      const file = await store.tarball(path)
      response.writeHead(200, {
        'content-type': 'application/octet-stream',
        'cache-control': 'max-age=31536000, immutable',
      })
      return pipeline(createReadStream(file), response)
    }
    const kind = request.headers.accept?.includes(accepted.short) ? 'short' : 'whole'
    const { text, tag } = await store.document(path, kind)
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

/** The contents of the registry, with everything requested once from the other one. */
class PackageStore {
  readonly #documents = new Map<string, Promise<Document>>()
  readonly #tarballs = new Map<string, Promise<string>>()
  /** The URL of a tarball in the other registry by its path in this one. */
  readonly #origins = new Map<string, string>()
  /** The versions of optional dependencies, which are binaries for each platform. */
  readonly #optional = new Map<string, Set<string>>()
  readonly #url: string
  readonly #upstream: Upstream
  readonly #folder: string
  readonly #date: Date
  readonly #published: string
  readonly #standIns: boolean
  /** The made-up versions by package. */
  readonly #broken = new Map<string, string>()

  constructor(url: string, upstream: Upstream, folder: string, options: RegistryOptions) {
    this.#url = url
    this.#upstream = upstream
    this.#folder = folder
    this.#date = options.date ?? lockDate()
    this.#published = options.published?.toISOString() ?? published
    this.#standIns = options.standIns ?? true
  }

  /** Adds a newer version of a package that is broken. */
  break(name: string, version: string): void {
    this.#broken.set(name, version)
  }

  /** Adds an own package with one version. */
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
      time: { created: this.#published, modified: this.#published, [version]: this.#published },
    })
    for (const kind of ['whole', 'short']) this.#documents.set(`${kind} ${name}`, Promise.resolve(document))
    this.#tarballs.set(path, Promise.resolve(tarball))
  }

  /** Returns the document of a package. */
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
        document.versions[version] = this.#makeUpBinary(name, version)
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

  /** Returns the publication times of a package's versions. They need a full document, so it is only fetched if they matter. */
  async #times(name: string, { time, modified }: z.infer<typeof documentSchema>): Promise<Times> {
    if (time !== undefined) return time
    if (modified !== undefined && new Date(modified) <= this.#date) return {}
    return wholeSchema.parse(JSON.parse(await this.#original(name, 'whole'))).time
  }

  /** Packs a broken version. @returns its manifest. */
  async #addBroken(name: string, version: string): Promise<z.infer<typeof versionSchema>> {
    const { tarball, manifest } = await brokenPackage(this.#folder, name, version)
    const path = `${name}/-/${basename(tarball)}`
    this.#tarballs.set(path, Promise.resolve(tarball))
    return versionSchema.parse({ ...manifest, dist: distOf(tarball, `${this.#url}/${path}`) })
  }

  /** Returns the document of the other registry, or undefined for an optional dependency that it lacks. */
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
   * Makes up a binary that a mirror lacks. Yarn needs the metadata of the binaries for all platforms. This one can't be installed
   * anywhere, so it hides no problem.
   */
  #makeUpBinary(name: string, version: string): z.infer<typeof versionSchema> {
    const dist = { tarball: `${this.#url}/${name}/-/none-${version}.tgz`, shasum: '0'.repeat(40) }
    return { name, version, os: ['none'], cpu: ['none'], dist, optionalDependencies: {} }
  }

  /** Returns the path of a tarball. */
  tarball(path: string): Promise<string> {
    return remembered(this.#tarballs, path, async () => {
      const file = join(this.#folder, path.replaceAll('/', '+'))
      if (existsSync(file)) return file
      // A lock file may name a tarball before its document was requested.
      const origin = this.#origins.get(path) ?? `${this.#upstream.registry}${path}`
      writeFileSync(`${file}.part`, await this.#upstream.get(origin, '*/*'))
      renameSync(`${file}.part`, file)
      return file
    })
  }
}

/** Returns the `dist` of a version. @param address the URL of the tarball. */
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

/** Returns the cached promise for a key, or creates it. A failed one is created again next time. */
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
