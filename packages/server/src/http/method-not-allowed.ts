import { methodNotAllowed } from 'hono/method-not-allowed'
import type { Api } from '../context.ts'
import { ApiError } from '../errors.ts'
import { errorResponse } from './error-handler.ts'

/** Answers 405 if a path exists for other methods only, and lists them. */
export function addMethodNotAllowed(api: Api): void {
  api.use(
    methodNotAllowed({
      app: api,
      onMethodNotAllowed(c, methods) {
        const allow = methods.join(', ')
        c.header('allow', allow)
        const message = `${c.req.path} does not support ${c.req.method}. Allowed methods: ${allow}.`
        return errorResponse(c, new ApiError(405, 'method_not_allowed', message))
      },
    }),
  )
}
