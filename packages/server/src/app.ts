import { OpenAPIHono } from '@hono/zod-openapi'
import { addAnthropic } from './anthropic/anthropic.ts'
import { addChatPage } from './chat-page.ts'
import type { Api, ApiEnv, Services } from './context.ts'
import { addAuthentication } from './http/authentication.ts'
import { addBodyReader } from './http/body.ts'
import { addBrowserGuard } from './http/browser-guard.ts'
import { addContentTypeCheck } from './http/content-type.ts'
import { addCors } from './http/cors.ts'
import { addErrorHandler, rejectInvalidRequest } from './http/error-handler.ts'
import { addMethodNotAllowed } from './http/method-not-allowed.ts'
import { addRequestLog } from './http/request-log.ts'
import { addSecurityHeaders } from './http/security-headers.ts'
import { addMcpServers } from './mcp/endpoint.ts'
import { addChatCompletions } from './openai/chat-completions.ts'
import { addCompletions } from './openai/completions.ts'
import { addEmbeddings } from './openai/embeddings.ts'
import { addModels } from './openai/models.ts'
import { addDocsPage } from './openapi/docs-page.ts'
import { addOpenApiDocument } from './openapi/document.ts'
import { addHealth } from './operations/health.ts'
import { addLoad } from './operations/load.ts'
import { addMetrics } from './operations/metrics-endpoint.ts'
import { addStatus } from './operations/status.ts'
import { addResponses } from './responses/responses.ts'

/**
 * The whole server as an app of Hono's, without a socket: what each request goes through, then the endpoints. Serve its
 * `fetch`, add routes to it, or mount it in an app of your own: `app.route('/', createApp(services))`, or below a prefix.
 *
 * Routes that are added afterwards, to it or to the app that it is mounted in at `/`, go through the same checks: who
 * asks, JSON alone, bounds of the body. Those that were there before don't.
 */
export function createApp(services: Services): Api {
  const api: Api = new OpenAPIHono<ApiEnv>({ defaultHook: rejectInvalidRequest })
  // First what holds for every answer, those of refusals too: its id, its headers. Then what is refused, the cheapest
  // and least telling first: strangers' pages before anything else, but a preflight before the key, which it never
  // bears; the body is read last, once it is known from whom it is and what for.
  addRequestLog(api, services)
  addErrorHandler(api)
  addSecurityHeaders(api)
  addBrowserGuard(api, services)
  addCors(api, services)
  addAuthentication(api, services)
  addMethodNotAllowed(api)
  addContentTypeCheck(api)
  addBodyReader(api, services)
  addHealth(api, services)
  addStatus(api, services)
  addLoad(api, services)
  addMetrics(api, services)
  addChatPage(api)
  addChatCompletions(api, services)
  addCompletions(api, services)
  addEmbeddings(api, services)
  addModels(api, services)
  addResponses(api, services)
  addAnthropic(api, services)
  addMcpServers(api, services)
  addOpenApiDocument(api)
  addDocsPage(api, services)
  return api
}
