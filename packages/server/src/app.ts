import { OpenAPIHono } from '@hono/zod-openapi'
import { anthropic } from './anthropic/anthropic.ts'
import type { Api, ApiEnv, Services } from './context.ts'
import { document } from './openapi/document.ts'
import { documentPage } from './openapi/docs-page.ts'
import { bodies } from './http/body.ts'
import { browserGuard } from './http/browser-guard.ts'
import { contentType } from './http/content-type.ts'
import { crossOrigin } from './http/cors.ts'
import { answerErrors, refuseUnreadable } from './http/error-handler.ts'
import { keyCheck } from './http/authentication.ts'
import { methods } from './http/method-not-allowed.ts'
import { requestLog } from './http/request-log.ts'
import { securityHeaders } from './http/security-headers.ts'
import { mcpServers } from './mcp/endpoint.ts'
import { chatCompletions } from './openai/chat-completions.ts'
import { completions } from './openai/completions.ts'
import { embeddings } from './openai/embeddings.ts'
import { modelRoutes } from './openai/models.ts'
import { responses } from './responses/responses.ts'
import { health } from './operations/health.ts'
import { load } from './operations/load.ts'
import { metricsPage } from './operations/metrics-endpoint.ts'
import { page } from './chat-page.ts'
import { status } from './operations/status.ts'

/**
 * The whole server as an app of Hono's, without a socket: what each request goes through, then the endpoints. Serve its
 * `fetch`, add routes to it, or mount it in an app of your own: `app.route('/', createApp(services))`, or below a prefix.
 *
 * Routes that are added afterwards, to it or to the app that it is mounted in at `/`, go through the same checks: who
 * asks, JSON alone, bounds of the body. Those that were there before don't.
 */
export function createApp(services: Services): Api {
  const api: Api = new OpenAPIHono<ApiEnv>({ defaultHook: refuseUnreadable })
  // First what holds for every answer, those of refusals too: its id, its headers. Then what is refused, the cheapest
  // and least telling first: strangers' pages before anything else, but a preflight before the key, which it never
  // bears; the body is read last, once it is known from whom it is and what for.
  requestLog(api, services)
  answerErrors(api)
  securityHeaders(api)
  browserGuard(api, services)
  crossOrigin(api, services)
  keyCheck(api, services)
  methods(api)
  contentType(api)
  bodies(api, services)
  health(api, services)
  status(api, services)
  load(api, services)
  metricsPage(api, services)
  page(api)
  chatCompletions(api, services)
  completions(api, services)
  embeddings(api, services)
  modelRoutes(api, services)
  responses(api, services)
  anthropic(api, services)
  mcpServers(api, services)
  document(api)
  documentPage(api, services)
  return api
}
