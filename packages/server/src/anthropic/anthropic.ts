import type { Api, Services } from '../context.ts'
import { countTokens } from './count-tokens.ts'
import { messages } from './messages.ts'

/** Anthropic's Messages API: https://docs.anthropic.com/en/api/messages. */
export function anthropic(api: Api, services: Services): void {
  messages(api, services)
  countTokens(api, services)
}
