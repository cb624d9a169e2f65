import { EngineError, type EngineErrorCode } from 'mlx-app'

/** The HTTP statuses of failures. 499 appears only in logs, because the client has already disconnected. */
export type ErrorStatus = 400 | 401 | 403 | 404 | 405 | 408 | 413 | 415 | 429 | 431 | 499 | 500 | 503 | 504

/** The options of an `ApiError`. */
export interface ApiErrorOptions {
  /** The invalid field of the request body, such as `messages.0.content`. */
  param?: string | undefined
  /** How long the client should wait before it tries again. */
  retryAfterSeconds?: number | undefined
  cause?: unknown
}

/**
 * A failed request. Throw one in your own routes to answer like the server does. Clients see `message`, so it
 * must not reveal internal details.
 */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: ErrorStatus
  /** A stable code for programs, such as `invalid_value` or `model_not_found`. */
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

  /** Returns this error as an OpenAI-style response. Hono uses it in apps without their own error handler. */
  getResponse(): Response {
    const headers = this.retryAfterSeconds === undefined ? {} : { 'retry-after': `${this.retryAfterSeconds}` }
    return Response.json(openaiError(this, ''), { status: responseStatus(this), headers })
  }
}

/** Returns the status to respond with. `Response` does not allow 499, and nobody reads that answer anyway. */
export function responseStatus({ status }: ApiError): Exclude<ErrorStatus, 499> {
  return status === 499 ? 400 : status
}

/** Creates the error for an invalid request body or parameter. */
export function invalid(message: string, param?: string): ApiError {
  return new ApiError(400, 'invalid_value', message, { param })
}

/** Creates the error for a client that disconnected before its answer was complete. */
export function clientLeftError(cause?: unknown): ApiError {
  return new ApiError(499, 'client_closed_request', 'The client closed the connection.', { cause })
}

interface ErrorMapping {
  status: ErrorStatus
  code: string
  retryAfterSeconds?: number
}

/** How engine errors are reported to clients. Codes that are missing here are internal errors (500). */
const errorMappings: Partial<Record<EngineErrorCode, ErrorMapping>> = {
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
  WORKER_STALLED: { status: 503, code: 'model_stalled', retryAfterSeconds: 2 },
}

/** Replaces engine messages that would reveal internal details. */
const publicMessages: Partial<Record<EngineErrorCode, string>> = {
  DISPOSED: 'The server is shutting down.',
  OUT_OF_MEMORY: 'There is not enough memory for this request right now.',
  WORKER_EXITED: restartMessage(),
  WORKER_STALLED: 'The model process stopped responding and is being restarted.',
}

/** Returns the message for everyone who waits for the restart of the worker. */
export function restartMessage(crash?: EngineError): string {
  return `The model process ${whatHappened(crash)} and is being restarted.`
}

/** Returns the message for everyone who asks for a model that could not be loaded at the start. */
export function startFailureMessage(error: EngineError | undefined): string {
  return error?.code === 'ABORTED'
    ? 'Loading the model was stopped.'
    : 'The model could not be loaded. See the server log.'
}

/** Returns the verb of a sentence about a worker that has ended. */
export function whatHappened(crash: EngineError | undefined): string {
  if (crash?.code === 'WORKER_STALLED') return 'stopped responding'
  return crash?.code === 'OUT_OF_MEMORY' ? 'ran out of memory' : 'stopped'
}

/** Converts any error to one that clients may see. Unknown errors become a 500 without details. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  const mapping = EngineError.isInstance(error) ? errorMappings[error.code] : undefined
  if (!EngineError.isInstance(error) || mapping === undefined) {
    return new ApiError(500, 'internal_error', 'The server failed to process this request.', { cause: error })
  }
  const { status, code, retryAfterSeconds } = mapping
  const message = publicMessages[error.code] ?? error.message
  return new ApiError(status, code, message, { retryAfterSeconds, cause: error })
}

/** Returns the OpenAI error `type` for a status. */
function openaiType(status: ErrorStatus): string {
  if (status === 401) return 'authentication_error'
  if (status === 403) return 'permission_error'
  if (status === 429) return 'rate_limit_error'
  return status >= 500 ? 'server_error' : 'invalid_request_error'
}

/** Returns an error in OpenAI's format: https://platform.openai.com/docs/guides/error-codes. */
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

/** Returns an error in Anthropic's format: https://docs.anthropic.com/en/api/errors. */
export function anthropicError(error: ApiError, requestId: string) {
  const type = anthropicTypes[error.status] ?? 'invalid_request_error'
  const text = withRequestId(error, requestId)
  // Agents recognise these words and shorten the conversation.
  const message = error.code === 'context_length_exceeded' ? `prompt is too long: ${text}` : text
  const details = { error_code: error.code }
  return { type: 'error', error: { type, message, details }, request_id: requestId }
}

/** Appends the request ID to internal errors, so that their log line can be found. */
function withRequestId(error: ApiError, requestId: string): string {
  const isInternal = error.status === 500 && requestId !== ''
  return isInternal ? `${error.message} Request ID: ${requestId}` : error.message
}
