import type { Hook } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type * as z from 'zod'
import type { Api, ApiEnv } from '../context.ts'
import { ApiError, anthropicError, openaiError, responseStatus, toApiError } from '../errors.ts'
import { getRequestPath } from './mount-path.ts'
import { getNodeBindings } from './node-bindings.ts'
import { finishUnreadBody } from './unread-body.ts'

/** Answers every error in the format of the API that was called. */
export function addErrorHandler(api: Api): void {
  api.notFound((c) => errorResponse(c, notFoundError(c)))
  api.onError(async (error, c) => {
    const failure = await toFailure(error, c)
    if (failure.status === 500) c.var.log.error({ err: failure.cause ?? failure }, failure.message)
    return errorResponse(c, failure)
  })
}

/** Returns the error for a request that no endpoint handles. */
export function notFoundError({ req }: Context<ApiEnv>): ApiError {
  return new ApiError(404, 'not_found', `There is no endpoint ${req.method} ${req.path}.`)
}

/** Rejects a body or query that does not match its schema. */
export const rejectInvalidRequest: Hook<unknown, ApiEnv, string, unknown> = (result) => {
  if (!result.success) throw toValidationError(result.error)
}

/** Converts the first issue that zod found to an error that names the field: `messages.0.content: ...`. */
function toValidationError(error: { issues: z.core.$ZodIssue[] }): ApiError {
  const [first] = error.issues
  const issue = first === undefined ? undefined : closestIssue(first)
  const param = issue?.path.map(String).join('.')
  const message = issue?.message ?? 'Invalid input.'
  return new ApiError(400, 'invalid_value', param ? `${param}: ${message}` : message, {
    param: param || undefined,
  })
}

/** Returns the issue of the union variant that the value comes closest to. */
function closestIssue(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== 'invalid_union') return issue
  const inner = issue.errors.flat().map(closestIssue)
  const [deepest] = inner.toSorted((one, other) => other.path.length - one.path.length)
  // The variant matches except for the length.
  const length = inner.find(({ code, path }) => path.length === 0 && code.startsWith('too_'))
  const within = deepest !== undefined && deepest.path.length > 0 ? deepest : length
  return within === undefined ? issue : { ...within, path: [...issue.path, ...within.path] }
}

/** Returns the response for an error, in the format of the API that was called. */
export function errorResponse(c: Context<ApiEnv>, error: ApiError): Response {
  if (error.retryAfterSeconds !== undefined) c.header('retry-after', String(error.retryAfterSeconds))
  const node = getNodeBindings(c)
  if (node !== undefined) finishUnreadBody(node)
  c.set('code', error.code)
  const shape = getRequestPath(c).startsWith('/v1/messages') ? anthropicError : openaiError
  return c.json(shape(error, c.var.requestId), responseStatus(error))
}

/** Converts an error. Hono reports a body that is not JSON with its own error, and `c.req.json()` with a SyntaxError. */
async function toFailure(error: Error, c: Context<ApiEnv>): Promise<ApiError> {
  const isInvalidJson =
    error instanceof HTTPException
      ? error.status === 400
      : error instanceof SyntaxError && !(await isJson(c.req.bodyCache.text ?? '{}'))
  return isInvalidJson
    ? new ApiError(400, 'invalid_json', 'The body is not valid JSON.', { cause: error })
    : toApiError(error)
}

async function isJson(body: string | Promise<string>): Promise<boolean> {
  try {
    JSON.parse(await body)
    return true
  } catch {
    return false
  }
}
