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
 * Creates the server as a Hono app that does not listen yet. Serve its `fetch`, add routes to it, or mount it in
 * your own app, at `/` or at a prefix: `app.route('/', createApp(services))`.
 *
 * Routes that you add later, to this app or to an app that mounts it at `/`, run behind the same checks:
 * authentication, JSON content type and body limits. Routes that you added earlier do not.
 */
export function createApp(services: Services): Api {
  const api: Api = new OpenAPIHono<ApiEnv>({ defaultHook: rejectInvalidRequest })
  // The order matters. Request IDs and headers come first, because error responses need them too. Cheap checks
  // come before expensive ones. CORS comes before authentication, because preflights carry no key. The body is
  // read last, when the caller and the endpoint are known.
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
