import type { Api, Services } from '../context.ts'
import { addCreateResponse } from './create.ts'
import { addInputTokens } from './input-tokens.ts'
import { ResponseStore } from './response-store.ts'
import { addStoredResponses } from './stored-responses.ts'

/** Adds OpenAI's Responses API: https://platform.openai.com/docs/api-reference/responses. */
export function addResponses(api: Api, services: Services): void {
  const store = new ResponseStore(services.settings)
  addCreateResponse(api, services, store)
  addInputTokens(api, services, store)
  addStoredResponses(api, store)
}
