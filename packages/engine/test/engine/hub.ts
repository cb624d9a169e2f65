import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'

/** What the hub answers in place of a file or of the repository's description. */
export type Trouble = (request: IncomingMessage, response: ServerResponse, path: string) => boolean

export interface Hub extends AsyncDisposable {
  /** For HF_ENDPOINT. */
  address: string
  /** Method, path and Range of each request so far. */
  requests: string[]
  /** The Authorization of each request; empty for none. */
  tokens: string[]
  /** The commit of the main branch; there is none but these files, whatever commit is asked for. */
  commit: string
  /** Asked first for every request; true when it answered. */
  trouble: Trouble
}

/**
 * A small server that speaks as much of the Hugging Face hub's protocol as a download needs, on a port of the
 * system's choice: a repository's description and files, with hashes as ETags, commit and ranges. Weights are in LFS.
 */
export async function startHub(
  repository: string,
  directory: string,
  extra: Record<string, Buffer> = {},
): Promise<Hub> {
  const files = new Map(Object.entries(extra))
  for (const name of readdirSync(directory)) files.set(name, readFileSync(join(directory, name)))
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', hub.address).pathname)
    hub.requests.push([request.method, path, request.headers.range].filter(Boolean).join(' '))
    hub.tokens.push(request.headers.authorization ?? '')
    const commit = /\/([0-9a-f]{40})(?:\/|$)/.exec(path)?.[1] ?? hub.commit
    if (hub.trouble(request, response, path)) return
    const name = path.startsWith(`/${repository}/resolve/`) ? path.split('/').slice(5).join('/') : undefined
    const file = name === undefined ? undefined : files.get(name)
    if (path.startsWith(`/api/models/${repository}/tree/`)) json(response, tree(files))
    else if (path.startsWith(`/api/models/${repository}`)) json(response, describe(repository, commit, files))
    else if (file !== undefined) sendFile(request, response, file, etagOf(name ?? '', file), commit)
    else refuse(response, 404, name === undefined ? 'RepoNotFound' : 'EntryNotFound')
  })
  const hub: Hub = {
    address: '',
    requests: [],
    tokens: [],
    commit: 'a'.repeat(40),
    trouble: () => false,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const bound = server.address()
  if (bound === null || typeof bound === 'string') throw new Error('no port')
  hub.address = `http://127.0.0.1:${bound.port}`
  return hub
}

/** An error as the hub gives it: its kind in a header of its own. */
export function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'X-Error-Code': code, 'X-Error-Message': code }).end()
}

function describe(id: string, sha: string, files: Map<string, Buffer>) {
  return {
    id,
    modelId: id,
    sha,
    private: false,
    gated: false,
    tags: [],
    cardData: { license: 'mit' },
    siblings: [...files.keys()].map((rfilename) => ({ rfilename })),
  }
}

function tree(files: Map<string, Buffer>) {
  return [...files].map(([path, content]) => {
    const { length: size } = content
    const lfs = inLfs(path) ? { lfs: { oid: sha256(content), size, pointerSize: 134 } } : {}
    return { type: 'file', path, size, oid: gitHash(content), ...lfs }
  })
}

function inLfs(path: string): boolean {
  return path.endsWith('.safetensors')
}

function etagOf(path: string, content: Buffer): string {
  return inLfs(path) ? sha256(content) : gitHash(content)
}

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}

/** The id that git gives to a file of that content. */
function gitHash(content: Buffer): string {
  return createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex')
}

function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(value))
}

/** Answers with a file, from where the request wants it. */
export function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  file: Buffer,
  etag: string,
  commit: string,
): void {
  const start = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
  response.writeHead(start > 0 ? 206 : 200, {
    ETag: `"${etag}"`,
    'X-Repo-Commit': commit,
    'Accept-Ranges': 'bytes',
    'Content-Length': file.length - start,
    ...(start > 0 ? { 'Content-Range': `bytes ${start}-${file.length - 1}/${file.length}` } : {}),
  })
  response.end(request.method === 'HEAD' ? undefined : file.subarray(start))
}
