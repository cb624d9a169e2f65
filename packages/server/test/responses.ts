/** What tests read of the Responses API. */
import { expect } from 'vitest'
import { z } from 'zod'
import { parseEvents } from './api-events.ts'
import type { TestServer } from './support.ts'

const alternative = { token: z.string(), bytes: z.array(z.int()), logprob: z.number() }
const logprobs = z
  .array(z.object({ ...alternative, top_logprobs: z.array(z.object(alternative)) }))
  .optional()

const item = z.looseObject({
  type: z.string(),
  status: z.string(),
  content: z.array(z.looseObject({ text: z.string(), logprobs })).optional(),
})

export const responseBody = z.looseObject({
  id: z.string(),
  status: z.string(),
  output: z.array(item),
  usage: z.object({
    input_tokens: z.int(),
    input_tokens_details: z.object({ cached_tokens: z.int(), cache_write_tokens: z.int() }),
    output_tokens: z.int(),
    output_tokens_details: z.object({ reasoning_tokens: z.int() }),
    total_tokens: z.int(),
  }),
})

export type ResponseBody = z.output<typeof responseBody>

const eventBody = z.looseObject({
  type: z.string(),
  output_index: z.int().optional(),
  delta: z.string().optional(),
  response: z.unknown().optional(),
  logprobs,
})

/** The words of a response. */
export function textOf({ output }: ResponseBody): string {
  return output
    .filter(({ type }) => type === 'message')
    .flatMap(({ content = [] }) => content.map(({ text }) => text))
    .join('')
}

/** The data of the events of a stream, to its end. */
export async function readStream(response: Response): Promise<z.output<typeof eventBody>[]> {
  expect(response.status).toBe(200)
  return parseEvents(await response.text()).map(({ data }) => eventBody.parse(data))
}

/** The whole answer to a request that isn't streamed. */
export async function respond(server: TestServer, body: object): Promise<ResponseBody> {
  const response = await server.post('/v1/responses', body)
  expect(response.status).toBe(200)
  return responseBody.parse(await response.json())
}
