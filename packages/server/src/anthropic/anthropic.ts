import type { Api, Services } from '../context.ts'
import { addCountTokens } from './count-tokens.ts'
import { addMessages } from './messages.ts'

/** Adds Anthropic's Messages API: https://docs.anthropic.com/en/api/messages. */
export function addAnthropic(api: Api, services: Services): void {
  addMessages(api, services)
  addCountTokens(api, services)
}
