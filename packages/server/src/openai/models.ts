import { createRoute, z } from '@hono/zod-openapi'
import type { Api, Services } from '../context.ts'
import { ApiError } from '../errors.ts'
import { jsonAnswer, openaiFailures, readFailures } from '../openapi/responses.ts'
import { tags } from '../openapi/tags.ts'
import type { ServedModel } from '../served-models.ts'

const modelSchema = z
  .object({
    id: z.string(),
    object: z.literal('model'),
    created: z.int().meta({ description: 'When the server started, in seconds since 1970.' }),
    owned_by: z.string(),
    loaded: z.boolean().meta({ description: 'Whether it is in memory; a request loads it where it is not.' }),
    capabilities: z
      .array(z.enum(['tools', 'reasoning', 'images', 'embeddings']))
      .nullable()
      .meta({ description: 'Known of a model in memory.' }),
    context_tokens: z
      .int()
      .nullable()
      .meta({ description: 'What prompt and answer may have together; known of a model in memory.' }),
  })
  .openapi('Model', { description: 'The last three are not a part of OpenAI’s API.' })

const listSchema = z.object({ object: z.literal('list'), data: z.array(modelSchema) }).openapi('ModelList')

const listRoute = createRoute({
  method: 'get',
  path: '/v1/models',
  operationId: 'listModels',
  tags: [tags.models],
  summary: 'The models that requests may name, the one of requests that name none first',
  responses: {
    200: jsonAnswer(listSchema, 'Those that are configured, and those on disk.'),
    ...readFailures,
  },
})

const oneRoute = createRoute({
  method: 'get',
  path: '/v1/models/{model}',
  operationId: 'getModel',
  tags: [tags.models],
  summary: 'One of the models',
  request: {
    params: z.object({ model: z.string().meta({ description: 'Its `id`, slashes among it.' }) }),
  },
  responses: { 200: jsonAnswer(modelSchema, 'The model.'), ...readFailures, 404: openaiFailures[404] },
})

/** `GET /v1/models` and `GET /v1/models/{model}`: https://platform.openai.com/docs/api-reference/models. */
export function addModels(api: Api, { models }: Services): void {
  const created = Math.floor(Date.now() / 1000)
  const toModel = ({ id, loaded }: ServedModel): z.output<typeof modelSchema> => ({
    id,
    object: 'model',
    created,
    owned_by: 'this-server',
    loaded: loaded !== undefined,
    capabilities: loaded?.capabilities ?? null,
    context_tokens: loaded?.contextTokens ?? null,
  })
  api.openapi(listRoute, async (c) =>
    c.json({ object: 'list' as const, data: (await models.list()).map(toModel) }, 200),
  )
  // Ids of Hugging Face hold a slash, which clients may or may not escape: a route of OpenAPI can't say so.
  api.openAPIRegistry.registerPath(oneRoute)
  api.get('/v1/models/:model{.+}', async (c) => {
    const id = c.req.param('model')
    const all = await models.list()
    const found = all.find((model) => model.id === id)
    if (found !== undefined) return c.json(toModel(found), 200)
    const names = all.map((model) => model.id).join(', ')
    throw new ApiError(404, 'model_not_found', `There is no model "${id}" here, but: ${names}.`, {
      param: 'model',
    })
  })
}
