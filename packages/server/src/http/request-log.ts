import { randomUUID } from 'node:crypto'
import type { Context } from 'hono'
import { matchedRoutes } from 'hono/route'
import type { Api, ApiEnv, Services } from '../context.ts'
import type { GenerationRecord } from '../generation-limiter.ts'
import { promptsForLog } from './logged-prompts.ts'
import { getMountPath } from './mount-path.ts'
import { getNodeBindings } from './node-bindings.ts'
import { watchBody } from './watch-body.ts'

/** Paths that load balancers and monitoring request every few seconds. They are logged at level debug. */
const frequentPaths = new Set(['/health', '/ready', '/metrics', '/api/status'])

/** Gives each request an ID for its response and log lines. Logs and counts the request when it ends. */
export function addRequestLog(api: Api, services: Services): void {
  const { metrics, generations, settings } = services
  api.use(async (c, next) => {
    const started = performance.now()
    const node = getNodeBindings(c)
    const requestId = `req_${randomUUID().replaceAll('-', '')}`
    c.set('prefix', getMountPath(c))
    c.set('requestId', requestId)
    c.set('log', services.log.child({ requestId }))
    c.set('caller', 'anonymous')
    c.header('x-request-id', requestId)
    // Anthropic's clients read this header.
    c.header('request-id', requestId)
    let streams = false
    let closed = false
    const end = async (status: number) => {
      closed = true
      if (streams) metrics.openStreams.dec()
      const ms = performance.now() - started
      const { method, path } = c.req
      const route = findRoute(c)
      metrics.onRequest({ method, route, status, seconds: ms / 1000 })
      // If the client disconnected, its generations end within one decode step.
      const records = method === 'POST' ? await generations.recordsFor(c.req.raw.signal) : []
      const line = {
        method,
        path,
        status,
        caller: c.var.caller,
        ms: Math.round(ms),
        // The reason for a rejection before any generation.
        ...(c.var.code !== undefined && { code: c.var.code }),
        ...summariseGenerations(records),
        ...(settings.logPrompts && records.length > 0 && { prompts: promptsForLog(records) }),
      }
      c.var.log[frequentPaths.has(route.slice(c.var.prefix.length)) ? 'debug' : 'info'](line, 'request')
    }
    node?.outgoing.once('close', () => end(node.outgoing.writableFinished ? node.outgoing.statusCode : 499))
    await next()
    streams = !closed && c.res.headers.get('content-type')?.startsWith('text/event-stream') === true
    if (streams) metrics.openStreams.inc()
    if (node === undefined) {
      const { status } = c.res
      c.res = watchBody(c.res, (whole) => void end(whole ? status : 499))
    }
  })
}

/** Returns the path as the route declares it. Metrics by requested path would grow without limit. */
function findRoute(c: Context<ApiEnv>): string {
  const endpoint = matchedRoutes(c).findLast(({ method }) => method !== 'ALL')
  return endpoint?.path ?? 'none'
}

/** Returns the log fields for all generations of a request. */
function summariseGenerations(records: readonly GenerationRecord[]) {
  const [first] = records
  if (first === undefined) return {}
  const sum = (read: (record: GenerationRecord) => number | undefined) =>
    records.reduce((total, record) => total + (read(record) ?? 0), 0)
  const failed = records.find(({ error }) => error !== undefined)?.error
  const ttftMs = Math.min(...records.map((record) => record.ttftMs ?? Number.POSITIVE_INFINITY))
  return {
    model: first.last?.model ?? first.options.model,
    promptTokens: sum(({ last }) => last?.usage?.promptTokens),
    cachedTokens: sum(({ last }) => last?.usage?.cachedTokens),
    // Lines of the system prompt that were moved behind the messages; see the setting VOLATILE_LINES.
    movedLines: sum(({ last }) => last?.movedLines) || undefined,
    completionTokens: sum(({ last }) => last?.usage?.completionTokens),
    ttftMs: Number.isFinite(ttftMs) ? Math.round(ttftMs) : undefined,
    ...(failed !== undefined && { code: failed.code }),
  }
}
