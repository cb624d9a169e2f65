import { createRoute } from '@hono/zod-openapi'
import type { Api, Services } from '../context.ts'
import { anthropicFailures, jsonAnswer } from '../openapi/responses.ts'
import { tags } from '../openapi/tags.ts'
import { toEngineOptions } from '../requests/engine-options.ts'
import { seenTools } from '../requests/tools.ts'
import { countSchema } from './answer-schema.ts'
import { toPrompt } from './generate-options.ts'
import { countRequestSchema, headersSchema } from './request-schema.ts'

const route = createRoute({
  method: 'post',
  path: '/v1/messages/count_tokens',
  operationId: 'countMessageTokens',
  tags: [tags.messages],
  summary: 'Count the tokens of a message',
  request: {
    headers: headersSchema,
    body: { required: true, content: { 'application/json': { schema: countRequestSchema } } },
  },
  responses: {
    200: jsonAnswer(countSchema, 'The number of input tokens.'),
    ...anthropicFailures,
  },
})

/** Adds `POST /v1/messages/count_tokens` of Anthropic's API. */
export function addCountTokens(api: Api, services: Services): void {
  api.openapi(route, async (c) => {
    const { signal } = c.req.raw
    const { engineService, settings } = services
    const { options } = await toPrompt(c.req.valid('json'), services, signal)
    const { toolChoice: _, ...prompt } = options
    const seen = { ...prompt, tools: seenTools(options), signal }
    const input_tokens = await engineService.engine.countTokens(
      toEngineOptions(seen, engineService, settings),
    )
    return c.json({ input_tokens }, 200)
  })
}
