import Anthropic, { type ClientOptions } from '@anthropic-ai/sdk'

/** The official client, pointed at a server. It would hide a failure by trying again, and log to the console. */
export function anthropicClient(url: string, options: ClientOptions = {}): Anthropic {
  return new Anthropic({ baseURL: url, apiKey: 'none', maxRetries: 0, logLevel: 'off', ...options })
}
