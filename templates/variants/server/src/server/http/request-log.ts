import { randomUUID } from 'node:crypto'
import type { Api, Services } from '../context.ts'

/** Gives each request an id, which its answer and each line of the log on it bear, and logs it when it is over. */
export function requestLog(api: Api, services: Services): void {
  api.use(async (c, next) => {
    const started = performance.now()
    const requestId = `req_${randomUUID().replaceAll('-', '')}`
    c.set('requestId', requestId)
    c.set('log', services.log.child({ requestId }))
    c.set('caller', 'anonymous')
    c.header('x-request-id', requestId)
    // Where Anthropic's clients look for it.
    c.header('request-id', requestId)
    c.env.outgoing.once('close', () => {
      const { writableFinished, statusCode } = c.env.outgoing
      c.var.log.info(
        {
          method: c.req.method,
          path: c.req.path,
          status: writableFinished ? statusCode : 499,
          caller: c.var.caller,
          ms: Math.round(performance.now() - started),
        },
        'request',
      )
    })
    await next()
  })
}
