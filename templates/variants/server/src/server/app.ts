import { OpenAPIHono } from '@hono/zod-openapi'
import type { Api, ApiEnv, Services } from './context.ts'
import { document } from './documents/document.ts'
import { answerErrors, refuseUnreadable } from './http/failures.ts'
import { requestLog } from './http/request-log.ts'
import { mcpServers } from './mcp/endpoint.ts'
import { chatCompletions } from './openai/chat-completions.ts'
import { health } from './system/health.ts'

/** The whole server, without a socket: what each request goes through, then the endpoints. */
export function createApp(services: Services): Api {
  const api: Api = new OpenAPIHono<ApiEnv>({ defaultHook: refuseUnreadable })
  requestLog(api, services)
  answerErrors(api)
  health(api, services)
  chatCompletions(api, services)
  mcpServers(api, services)
  document(api)
  return api
}
