import { randomBytes } from 'node:crypto'
import * as z from 'zod'
import { StartError } from '../listen-errors.ts'
import { resolveMissingModel } from '../missing-model.ts'
import { keysCommand } from '../program-commands.ts'
import { SettingError, type Settings } from '../settings.ts'
import { startServer } from '../start.ts'

/** A server for an agent. Disposing of it stops the server if `connect` started it. */
export interface Connection extends AsyncDisposable {
  url: string
  key: string
  model: string
  contextTokens: number | undefined
  capabilities: readonly string[]
}

const modelsSchema = z.object({
  data: z
    .array(
      z.object({
        id: z.string(),
        owned_by: z.literal('this-server'),
        context_tokens: z.int().nullish(),
        capabilities: z.array(z.string()).nullish(),
      }),
    )
    .min(1),
})

const errorSchema = z.object({ error: z.object({ message: z.string() }) })

type Model = z.output<typeof modelsSchema>['data'][number]

/** How long a running server has to list its models. */
const listTimeoutMs = 5_000

/**
 * Connects to the server that runs at HOST and PORT, or starts one on a free port with the model in memory. The key for a
 * running server is the one in MLX_API_KEY.
 *
 * @param settings the settings, from the environment.
 * @param signal stops waiting for the model, and a server that was started for it.
 * @throws StartError if the running server requires another key, or could not load its model.
 * @throws EngineError, SettingError and StartError as `startServer`.
 */
export async function connect(settings: Settings, signal: AbortSignal): Promise<Connection> {
  const key = process.env.MLX_API_KEY || 'none'
  const url = runningUrl(settings)
  const model = url === undefined ? undefined : await findModel(url, key, signal)
  if (url === undefined || model === undefined) return startOwn(settings, signal)
  const loaded = model.context_tokens == null ? await load(url, key, model, signal) : model
  return { url, key, ...describe(loaded), [Symbol.asyncDispose]: async () => {} }
}

/** Returns the address at which this machine reaches a server with these settings. */
function runningUrl({ host, port }: Settings): string | undefined {
  if (port === 0) return undefined
  const address = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  return `http://${address.includes(':') ? `[${address}]` : address}:${port}`
}

/** Returns the default model of the server at an address, or undefined if no such server runs there. */
async function findModel(url: string, key: string, signal: AbortSignal): Promise<Model | undefined> {
  let response: Response
  try {
    response = await fetch(`${url}/v1/models`, {
      headers: { authorization: `Bearer ${key}` },
      signal: AbortSignal.any([signal, AbortSignal.timeout(listTimeoutMs)]),
    })
  } catch {
    signal.throwIfAborted()
    // Nothing listens there, or something that doesn't speak HTTP.
    return undefined
  }
  if (response.status === 401) {
    const create = keysCommand('create --name agent')
    throw new StartError(
      `The server at ${url} requires an API key.\nSet MLX_API_KEY to a key, such as one that this command creates: ${create}`,
    )
  }
  const text = await response.text()
  try {
    return modelsSchema.parse(JSON.parse(text)).data[0]
  } catch {
    // It is another program's server.
    return undefined
  }
}

/**
 * Has a running server load its model, which it otherwise does for the first request.
 *
 * @throws StartError if it fails.
 */
async function load(url: string, key: string, model: Model, signal: AbortSignal): Promise<Model> {
  const failure = await ask(url, key, signal).catch((error: unknown) => {
    signal.throwIfAborted()
    throw new StartError(`The server at ${url} stopped answering while it loaded ${model.id}.`, {
      cause: error,
    })
  })
  if (failure !== undefined)
    throw new StartError(`The server at ${url} could not load ${model.id}: ${failure}`)
  return (await findModel(url, key, signal)) ?? model
}

/** Requests one token, and returns why there is none, or undefined. A stream has heartbeats, so that no time limit ends it. */
async function ask(url: string, key: string, signal: AbortSignal): Promise<string | undefined> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ messages: [{ role: 'user', content: 'Hello!' }], max_tokens: 1, stream: true }),
    signal,
  })
  const text = await response.text()
  const error = response.ok ? /^data: (\{"error":.*)$/m.exec(text)?.[1] : text
  if (error === undefined) return undefined
  try {
    return errorSchema.parse(JSON.parse(error)).error.message
  } catch {
    // It is not in the format of the API, such as the page of a proxy.
    return `it answered with status ${response.status}.`
  }
}

/** Starts a server that only the agent can use, because it alone has the key. */
async function startOwn(settings: Settings, signal: AbortSignal): Promise<Connection> {
  if (settings.engineUrl === '') await resolveMissingModel(process.env)
  const key = randomBytes(24).toString('base64url')
  const server = await startServer(
    {
      ...settings,
      host: '127.0.0.1',
      port: 0,
      // The log would be written over the agent's screen.
      logLevel: process.env.LOG_LEVEL ? settings.logLevel : 'silent',
      firstTokenTimeoutMs: settings.requestTimeoutMs,
    },
    { authenticate: (request) => (sentKeys(request).includes(key) ? 'agent' : undefined) },
  )
  const stop = () => void server.cut()
  signal.addEventListener('abort', stop, { once: true })
  try {
    // No event follows an abort before the listener.
    signal.throwIfAborted()
    await server.ready
    const model = await findModel(server.url, key, signal)
    if (model === undefined) throw new SettingError('The server has no model.')
    return { url: server.url, key, ...describe(model), [Symbol.asyncDispose]: () => server.cut() }
  } catch (error) {
    await server.cut()
    throw error
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

function sentKeys({ headers }: Request): string[] {
  const bearer = headers.get('authorization')?.replace(/^Bearer +/i, '')
  return [bearer ?? '', headers.get('x-api-key') ?? '']
}

function describe(model: Model): Pick<Connection, 'model' | 'contextTokens' | 'capabilities'> {
  const { id, context_tokens, capabilities } = model
  return { model: id, contextTokens: context_tokens ?? undefined, capabilities: capabilities ?? [] }
}
