import { createRoute, z } from '@hono/zod-openapi'
import type { Api, Services } from '../context.ts'
import { ApiError } from '../errors.ts'
import { jsonAnswer, openaiFailures } from '../openapi/responses.ts'
import { tags } from '../openapi/tags.ts'
import { toEngineOptions } from '../requests/engine-options.ts'
import { omitNullish } from '../requests/omit-nullish.ts'
import { seenTools } from '../requests/tools.ts'
import { prepare } from './prepare.ts'
import { requestBodySchema } from './request-body.ts'
import type { ResponseStore } from './response-store.ts'

const route = createRoute({
  method: 'post',
  path: '/v1/responses/input_tokens',
  operationId: 'countResponseInputTokens',
  summary: 'Count the input tokens of a response',
  tags: [tags.responses],
  request: { body: { required: true, content: { 'application/json': { schema: requestBodySchema } } } },
  responses: {
    200: jsonAnswer(
      z
        .object({ object: z.literal('response.input_tokens'), input_tokens: z.int() })
        .openapi('ResponseInputTokens'),
      'The number of input tokens.',
    ),
    ...openaiFailures,
  },
})

/** Adds `POST /v1/responses/input_tokens`, and the answer to `POST /v1/responses/compact`, which is not supported. */
export function addInputTokens(api: Api, services: Services, store: ResponseStore): void {
  api.openapi(route, async (c) => {
    const { signal } = c.req.raw
    const { options } = await prepare(c.req.valid('json'), c.var.caller, services, store, signal)
    const { model, messages, templateOptions } = options
    const { engineService, settings } = services
    const seen = { ...omitNullish({ model, templateOptions }), messages, tools: seenTools(options), signal }
    const input_tokens = await engineService.engine.countTokens(
      toEngineOptions(seen, engineService, settings),
    )
    return c.json({ object: 'response.input_tokens' as const, input_tokens }, 200)
  })
  // For all methods, so that the description of the API has no endpoint that cannot succeed.
  api.all('/v1/responses/compact', () => {
    const message =
      'This server does not compact conversations. Ask the model for a summary, or send truncation: "auto".'
    throw new ApiError(404, 'not_found', message)
  })
}
