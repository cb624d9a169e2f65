import { EngineError, type EngineErrorCode } from '../errors.ts'
import { limits } from '../limits.ts'
import type { Remote } from './options.ts'

/** The most characters of a server's message to quote. */
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

/** The error codes of a server's JSON, which are more exact than its status. */
const codesByName: ReadonlyMap<string, EngineErrorCode> = new Map([
  ['context_length_exceeded', 'CONTEXT_LENGTH_EXCEEDED'],
  ['out_of_memory', 'OUT_OF_MEMORY'],
  ['unsupported', 'UNSUPPORTED'],
])

/** Returns the error for a status other than 2xx. It reads a limited part of the body. */
export async function responseError(remote: Remote, response: Response): Promise<EngineError> {
  const { status } = response
  const from = `${remote.baseUrl} answered ${status}`
  if (status >= 300 && status < 400) {
    await response.body?.cancel()
    const location = response.headers.get('location')
    const target = location !== null && URL.canParse(location) ? ` to ${new URL(location).origin}` : ''
    return new EngineError('REMOTE_FAILED', `${from}, which redirects${target}.`, {
      hint: 'Redirects are not followed, so that the key stays private. Set baseUrl to the final address.',
    })
  }
  const { message, code: reason } = parseErrorBody(await readBoundedText(response).catch(() => ''))
  const code = codesByName.get(reason ?? '') ?? codesByStatus.get(status) ?? 'REMOTE_FAILED'
  const words = redact(remote, message)
  return new EngineError(code, words === '' ? `${from}.` : `${from}: ${words}`, {
    hint: hintOf(status, response.headers.get('retry-after')),
  })
}

/** Returns the error for a request that got no answer, or lost its connection. */
export function connectionError(remote: Remote, error: unknown): EngineError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  const reasons: Record<string, string> = {
    ECONNREFUSED: 'nothing is listening there',
    ENOTFOUND: 'the name is unknown',
    EAI_AGAIN: 'the name can’t be looked up now',
    ETIMEDOUT: 'the connection timed out',
    EHOSTUNREACH: 'there is no route to it',
    ECONNRESET: 'the connection broke',
    UND_ERR_SOCKET: 'the connection broke',
    UND_ERR_CONNECT_TIMEOUT: 'the connection timed out',
    UND_ERR_HEADERS_TIMEOUT: 'it did not answer within 5 minutes',
    UND_ERR_BODY_TIMEOUT: 'it sent nothing for 5 minutes',
  }
  const words = cause instanceof Error ? redact(remote, cause.message) : 'unknown failure'
  return new EngineError('REMOTE_FAILED', `Can't reach ${remote.baseUrl}: ${reasons[code] ?? words}.`, {
    hint: 'Check that the server is running, and that baseUrl has its address, port and path.',
    cause,
  })
}

/** Returns the error for an answer that doesn't follow the API. */
export function invalidResponse(remote: Remote, what: string, cause?: unknown): EngineError {
  return new EngineError('REMOTE_FAILED', `${remote.baseUrl} ${what}`, {
    hint: 'Check that baseUrl is the address of an OpenAI-compatible API, and check the log of the server.',
    cause,
  })
}

/** Returns the message in an error's body: `{ error: { message } }`, `{ error }`, `{ message }`, `{ detail }`, or text. */
export function parseErrorBody(body: string): { message: string; code: string | undefined } {
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch {
    // It is not JSON, but a proxy's page or plain text.
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

/** Shortens a server's message and removes the key, which some servers repeat. */
export function redact({ apiKey }: Remote, words: string): string {
  const safe = apiKey === undefined ? words : words.replaceAll(apiKey, '***')
  return safe.length > maxQuotedCharacters ? `${safe.slice(0, maxQuotedCharacters)}...` : safe
}

/** Returns the body as text. A body that exceeds the line length of the worker's protocol is cut off. */
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
  if (status === 401) return 'Set apiKey to the key of this server.'
  if (status === 403) return 'The key does not allow this. Ask whoever runs the server.'
  if (status === 404) return 'To list the models of the server, call: await engine.models()'
  if (status === 408 || status === 504) return 'Try again, or request fewer tokens.'
  if (status === 413) return 'Send shorter messages or smaller images.'
  if (status === 429) {
    if (retryAfter === null) return 'Try again later, with fewer calls at once.'
    return `Try again ${/^\d+$/.test(retryAfter) ? `in ${retryAfter} seconds` : `after ${retryAfter}`}.`
  }
  return status >= 500 ? 'Check the log of the server.' : undefined
}
