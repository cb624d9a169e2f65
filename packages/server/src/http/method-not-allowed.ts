import { methodNotAllowed } from 'hono/method-not-allowed'
import type { Api } from '../context.ts'
import { ApiError } from '../errors.ts'
import { errorResponse } from './error-handler.ts'

/** 405 for a path that is there for other methods, which the answer names. */
export function addMethodNotAllowed(api: Api): void {
  api.use(
    methodNotAllowed({
      app: api,
      onMethodNotAllowed(c, methods) {
        const allow = methods.join(', ')
        c.header('allow', allow)
        const message = `There is no ${c.req.method} ${c.req.path}, but: ${allow}.`
        return errorResponse(c, new ApiError(405, 'method_not_allowed', message))
      },
    }),
  )
}
