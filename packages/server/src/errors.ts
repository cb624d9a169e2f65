import { EngineError, type EngineErrorCode } from 'mlx-app'

/** The statuses that the server answers a failure with; 499 stands in logs only, its client has left. */
export type ErrorStatus = 400 | 401 | 403 | 404 | 405 | 408 | 413 | 415 | 429 | 431 | 499 | 500 | 503 | 504

/** What an `ApiError` says beyond its message. */
export interface ApiErrorOptions {
  /** The field of the body that is wrong, as `messages.0.content`. */
  param?: string | undefined
  /** When it is worth to try again. */
  retryAfterSeconds?: number | undefined
  cause?: unknown
}

/**
 * What a request fails with; throw one in a route of your own for an answer like the server's. `message` is for the
 * client's eyes: it holds nothing of the inside.
 */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: ErrorStatus
  /** Stable, for programs: `invalid_value`, `model_not_found`, ... */
  readonly code: string
  readonly param: string | undefined
  readonly retryAfterSeconds: number | undefined

  constructor(status: ErrorStatus, code: string, message: string, options: ApiErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.status = status
    this.code = code
    this.param = options.param
    this.retryAfterSeconds = options.retryAfterSeconds
  }

  /** The answer that it is, in the shape of OpenAI's API. Hono gives it where an app has no error handler of its own. */
  getResponse(): Response {
    const headers = this.retryAfterSeconds === undefined ? {} : { 'retry-after': `${this.retryAfterSeconds}` }
    return Response.json(openaiError(this, ''), { status: responseStatus(this), headers })
  }
}

/** Nobody reads the answer to a client that has left: Response has no status 499. */
export function responseStatus({ status }: ApiError): Exclude<ErrorStatus, 499> {
  return status === 499 ? 400 : status
}

/** A body that can't be served as it is. */
export function invalid(message: string, param?: string): ApiError {
  return new ApiError(400, 'invalid_value', message, { param })
}

interface Meaning {
  status: ErrorStatus
  code: string
  retryAfterSeconds?: number
}

/** What the engine's errors are to a client. Those that are not here are the server's own fault: 500. */
const meanings: Partial<Record<EngineErrorCode, Meaning>> = {
  ABORTED: { status: 499, code: 'client_closed_request' },
  CONTEXT_LENGTH_EXCEEDED: { status: 400, code: 'context_length_exceeded' },
  DEADLINE_EXCEEDED: { status: 504, code: 'timeout' },
  DISPOSED: { status: 503, code: 'shutting_down', retryAfterSeconds: 5 },
  INVALID_REQUEST: { status: 400, code: 'invalid_value' },
  MODEL_NOT_FOUND: { status: 404, code: 'model_not_found' },
  OUT_OF_MEMORY: { status: 503, code: 'out_of_memory', retryAfterSeconds: 5 },
  QUEUE_FULL: { status: 429, code: 'queue_full', retryAfterSeconds: 1 },
  UNSUPPORTED: { status: 400, code: 'unsupported' },
  WORKER_EXITED: { status: 503, code: 'model_restarting', retryAfterSeconds: 2 },
}

/** What a client hears where the engine's own words tell of the inside. */
const publicMessages: Partial<Record<EngineErrorCode, string>> = {
  DISPOSED: 'The server is shutting down.',
  OUT_OF_MEMORY: 'There is not enough memory for this request now.',
  WORKER_EXITED: 'The process that runs the model has ended. It is being started again.',
}

/** Any failure as one that a client may see; what is not known is a 500 without a word on the inside. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  const meaning = EngineError.isInstance(error) ? meanings[error.code] : undefined
  if (!EngineError.isInstance(error) || meaning === undefined) {
    return new ApiError(500, 'internal_error', 'The server failed to answer this request.', { cause: error })
  }
  const { status, code, retryAfterSeconds } = meaning
  const message = publicMessages[error.code] ?? error.message
  return new ApiError(status, code, message, { retryAfterSeconds, cause: error })
}

/** The `type` of an error in OpenAI's API. */
function openaiType(status: ErrorStatus): string {
  if (status === 401) return 'authentication_error'
  if (status === 403) return 'permission_error'
  if (status === 429) return 'rate_limit_error'
  return status >= 500 ? 'server_error' : 'invalid_request_error'
}

/** An error as OpenAI's clients read it: https://platform.openai.com/docs/guides/error-codes. */
export function openaiError(error: ApiError, requestId: string) {
  const { status, code, param = null } = error
  return { error: { message: withRequestId(error, requestId), type: openaiType(status), param, code } }
}

const anthropicTypes: Partial<Record<ErrorStatus, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  500: 'api_error',
  503: 'overloaded_error',
  504: 'timeout_error',
}

/** An error as Anthropic's clients read it: https://docs.anthropic.com/en/api/errors. */
export function anthropicError(error: ApiError, requestId: string) {
  const type = anthropicTypes[error.status] ?? 'invalid_request_error'
  const text = withRequestId(error, requestId)
  // Agents recognise these words and shorten the conversation.
  const message = error.code === 'context_length_exceeded' ? `prompt is too long: ${text}` : text
  const details = { error_code: error.code }
  return { type: 'error', error: { type, message, details }, request_id: requestId }
}

/** The id finds the log's line of a failure that says nothing more; it is empty where there is none. */
function withRequestId(error: ApiError, requestId: string): string {
  const isInternal = error.status === 500 && requestId !== ''
  return isInternal ? `${error.message} Request id: ${requestId}` : error.message
}
