import type { Hook } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type * as z from 'zod'
import type { Api, ApiEnv } from '../context.ts'
import { ApiError, anthropicError, openaiError, responseStatus, toApiError } from '../errors.ts'
import { getRequestPath } from './mount-path.ts'
import { getNodeBindings } from './node-bindings.ts'
import { finishUnreadBody } from './unread-body.ts'

/** Answers every failure in the shape of the API that was called, with its true status. */
export function addErrorHandler(api: Api): void {
  api.notFound((c) =>
    errorResponse(c, new ApiError(404, 'not_found', `There is no ${c.req.method} ${c.req.path}.`)),
  )
  api.onError((error, c) => {
    const failure = error instanceof HTTPException ? toHttpError(error) : toApiError(error)
    if (failure.status === 500) c.var.log.error({ err: failure.cause ?? failure }, failure.message)
    return errorResponse(c, failure)
  })
}

/** What zod says on a body or a query that it refused: the first fault, and the field that it is in. */
export const rejectInvalidRequest: Hook<unknown, ApiEnv, string, unknown> = (result) => {
  if (!result.success) throw toValidationError(result.error)
}

/** The first fault that zod found, as an error that names the field: `messages.0.content: ...`. */
export function toValidationError(error: { issues: z.core.$ZodIssue[] }): ApiError {
  const [first] = error.issues
  const issue = first === undefined ? undefined : closestIssue(first)
  const param = issue?.path.map(String).join('.')
  const message = issue?.message ?? 'Invalid input.'
  return new ApiError(400, 'invalid_value', param ? `${param}: ${message}` : message, {
    param: param || undefined,
  })
}

/** Of a value that none of several forms fits, what is wrong by the form that it is nearest to. */
function closestIssue(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== 'invalid_union') return issue
  const inner = issue.errors.flat().map(closestIssue)
  const [deepest] = inner.toSorted((one, other) => other.path.length - one.path.length)
  // Of a form that it has, but for its length.
  const length = inner.find(({ code, path }) => path.length === 0 && code.startsWith('too_'))
  const within = deepest !== undefined && deepest.path.length > 0 ? deepest : length
  return within === undefined ? issue : { ...within, path: [...issue.path, ...within.path] }
}

export function errorResponse(c: Context<ApiEnv>, error: ApiError): Response {
  if (error.retryAfterSeconds !== undefined) c.header('retry-after', String(error.retryAfterSeconds))
  const node = getNodeBindings(c)
  if (node !== undefined) finishUnreadBody(node)
  c.set('code', error.code)
  const shape = getRequestPath(c).startsWith('/v1/messages') ? anthropicError : openaiError
  return c.json(shape(error, c.var.requestId), responseStatus(error))
}

/** Hono's own errors: a body that is no JSON. */
function toHttpError(error: HTTPException): ApiError {
  if (error.status === 400)
    return new ApiError(400, 'invalid_json', 'The body is not valid JSON.', { cause: error })
  return toApiError(error)
}
