import type { Api, Services } from '../context.ts'
import { createResponse } from './create.ts'
import { ResponseStore } from './response-store.ts'
import { storedResponses } from './stored-responses.ts'

/** OpenAI's Responses API: https://platform.openai.com/docs/api-reference/responses. */
export function responses(api: Api, services: Services): void {
  const store = new ResponseStore(services.settings)
  createResponse(api, services, store)
  storedResponses(api, store)
}
