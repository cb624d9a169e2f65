import { EngineError, type EngineErrorCode } from '../errors.ts'
import { limits } from '../limits.ts'
import type { Remote } from './options.ts'

/** Characters of a server's own words that go into a message. */
const maxQuotedCharacters = 500

const codesByStatus: ReadonlyMap<number, EngineErrorCode> = new Map([
  [400, 'INVALID_REQUEST'],
  [401, 'ACCESS_DENIED'],
  [403, 'ACCESS_DENIED'],
  [404, 'MODEL_NOT_FOUND'],
  [408, 'DEADLINE_EXCEEDED'],
  [413, 'INVALID_REQUEST'],
  [422, 'INVALID_REQUEST'],
  [429, 'QUEUE_FULL'],
  [504, 'DEADLINE_EXCEEDED'],
])

/** What a server says in words for programs goes before its status. */
const codesByName: ReadonlyMap<string, EngineErrorCode> = new Map([
  ['context_length_exceeded', 'CONTEXT_LENGTH_EXCEEDED'],
  ['out_of_memory', 'OUT_OF_MEMORY'],
  ['unsupported', 'UNSUPPORTED'],
])

/** The error that a status other than 2xx stands for. Reads the body, up to a bound. */
export async function responseError(remote: Remote, response: Response): Promise<EngineError> {
  const { status } = response
  const from = `${remote.baseUrl} answered ${status}`
  if (status >= 300 && status < 400) {
    await response.body?.cancel()
    const location = response.headers.get('location')
    const target = location !== null && URL.canParse(location) ? ` to ${new URL(location).origin}` : ''
    return new EngineError('REMOTE_FAILED', `${from}: it sends calls on${target}.`, {
      hint: 'Calls and their key go to one address only: give the final one as baseUrl.',
    })
  }
  const { message, code: reason } = parseErrorBody(await readBoundedText(response).catch(() => ''))
  const code = codesByName.get(reason ?? '') ?? codesByStatus.get(status) ?? 'REMOTE_FAILED'
  const words = redact(remote, message)
  return new EngineError(code, words === '' ? `${from}.` : `${from}: ${words}`, {
    hint: hintOf(status, response.headers.get('retry-after')),
  })
}

/** The error of a request that got no answer, or lost it on the way. */
export function connectionError(remote: Remote, error: unknown): EngineError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  const reasons: Record<string, string> = {
    ECONNREFUSED: 'nothing listens there',
    ENOTFOUND: 'no machine has that name',
    EAI_AGAIN: 'the name can’t be looked up now',
    ETIMEDOUT: 'no answer came',
    EHOSTUNREACH: 'no way leads there',
    ECONNRESET: 'the connection broke',
    UND_ERR_SOCKET: 'the connection broke',
    UND_ERR_CONNECT_TIMEOUT: 'no answer came',
    UND_ERR_HEADERS_TIMEOUT: 'no answer came in 5 minutes',
    UND_ERR_BODY_TIMEOUT: 'nothing more came for 5 minutes',
  }
  const words = cause instanceof Error ? redact(remote, cause.message) : 'unknown failure'
  return new EngineError('REMOTE_FAILED', `${remote.baseUrl} can't be reached: ${reasons[code] ?? words}.`, {
    hint: 'See that the server runs, and that baseUrl has its address, port and path.',
    cause,
  })
}

/** An answer that is not what the API says. */
export function invalidResponse(remote: Remote, what: string, cause?: unknown): EngineError {
  return new EngineError('REMOTE_FAILED', `${remote.baseUrl} ${what}`, {
    hint: 'See that baseUrl is the address of an OpenAI-compatible API, and look into the log of the server.',
    cause,
  })
}

/** What a server says went wrong: `{ error: { message } }`, `{ error }`, `{ message }`, `{ detail }`, or text. */
export function parseErrorBody(body: string): { message: string; code: string | undefined } {
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch {
    // Not JSON: a proxy's page, or plain words.
    return { message: /^\s*</.test(body) ? '' : body.trim(), code: undefined }
  }
  const inner = field(value, 'error') ?? value
  const message = [inner, field(inner, 'message'), field(inner, 'detail')].find(
    (words) => typeof words === 'string',
  )
  const code = field(inner, 'code')
  return {
    message: typeof message === 'string' ? message : '',
    code: typeof code === 'string' ? code : undefined,
  }
}

/** Shortened, and without the key, which some servers repeat. */
export function redact({ apiKey }: Remote, words: string): string {
  const safe = apiKey === undefined ? words : words.replaceAll(apiKey, '***')
  return safe.length > maxQuotedCharacters ? `${safe.slice(0, maxQuotedCharacters)}...` : safe
}

/** The body as text. A body over the bound of the worker's protocol is cut off. */
export async function readBoundedText(response: Response): Promise<string> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of response.body ?? []) {
    parts.push(part)
    bytes += part.length
    if (bytes > limits.lineBytes) break
  }
  return Buffer.concat(parts).toString('utf8')
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

function hintOf(status: number, retryAfter: string | null): string | undefined {
  if (status === 401) return 'Give the key of this server as apiKey.'
  if (status === 403) return 'The key may not do this: ask whoever runs the server.'
  if (status === 404) return 'See what the server has: await engine.models()'
  if (status === 408 || status === 504) return 'Try again, or ask for fewer tokens.'
  if (status === 413) return 'Send less: shorter messages, smaller images.'
  if (status === 429) {
    if (retryAfter === null) return 'Try again later, with fewer calls at once.'
    return `Try again ${/^\d+$/.test(retryAfter) ? `in ${retryAfter} seconds` : `after ${retryAfter}`}.`
  }
  return status >= 500 ? 'Look into the log of the server.' : undefined
}
