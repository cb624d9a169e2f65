import OpenAI, { type ClientOptions } from 'openai'

/** The official client, pointed at a server. It would hide a failure by trying again, and log to the console. */
export function openaiClient(url: string, options: ClientOptions = {}): OpenAI {
  return new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', maxRetries: 0, logLevel: 'off', ...options })
}

/** What a promise was rejected with. */
export async function failureOf(promise: PromiseLike<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('It was to fail.')
}
