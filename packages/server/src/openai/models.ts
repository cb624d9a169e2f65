import { createRoute, z } from '@hono/zod-openapi'
import type { LoadedModel } from 'mlx-app'
import type { Api, Services } from '../context.ts'
import { defaultsSchema, toDefaults } from '../model-defaults.ts'
import { jsonAnswer, openaiFailures, readFailures } from '../openapi/responses.ts'
import { tags } from '../openapi/tags.ts'
import { modelNotFoundError, type ServedModel } from '../served-models.ts'

/** The context length under the name that another server gave it, which clients read. */
const contextAlias = (server: string) =>
  z
    .int()
    .optional()
    .meta({ description: `The same as \`context_tokens\`, as ${server} names it. Left out if unknown.` })

const modelSchema = z
  .object({
    id: z.string(),
    object: z.literal('model'),
    created: z.int().meta({ description: 'Unix time of the server’s start, in seconds.' }),
    owned_by: z.string(),
    loaded: z.boolean().meta({ description: 'Whether the model is in memory. If not, a request loads it.' }),
    capabilities: z
      .array(z.enum(['tools', 'reasoning', 'images', 'embeddings', 'structured_output']))
      .nullable()
      .meta({ description: 'Null unless the model is in memory.' }),
    context_tokens: z
      .int()
      .nullable()
      .meta({ description: 'The context length in tokens. Null unless the model is in memory.' }),
    max_model_len: contextAlias('vLLM'),
    context_length: contextAlias('OpenRouter'),
    context_window: contextAlias('Groq'),
    defaults: defaultsSchema.nullable(),
  })
  .openapi('Model', { description: 'The fields after `owned_by` are not part of OpenAI’s API.' })

const listSchema = z.object({ object: z.literal('list'), data: z.array(modelSchema) }).openapi('ModelList')

const listRoute = createRoute({
  method: 'get',
  path: '/v1/models',
  operationId: 'listModels',
  tags: [tags.models],
  summary: 'List models',
  description: 'The models that requests can name. The first one answers requests without a model.',
  responses: {
    200: jsonAnswer(listSchema, 'The configured model, aliases, and models on disk.'),
    ...readFailures,
  },
})

const oneRoute = createRoute({
  method: 'get',
  path: '/v1/models/{model}',
  operationId: 'getModel',
  tags: [tags.models],
  summary: 'Get a model',
  request: {
    params: z.object({
      model: z.string().meta({ description: 'The `id` of the model, which can contain slashes.' }),
    }),
  },
  responses: { 200: jsonAnswer(modelSchema, 'The model.'), ...readFailures, 404: openaiFailures[404] },
})

/** Models that generate text can be held to a format. */
function toCapabilities({
  capabilities,
}: LoadedModel): NonNullable<z.output<typeof modelSchema>['capabilities']> {
  return capabilities.includes('embeddings') ? capabilities : [...capabilities, 'structured_output']
}

function toContext(tokens: number) {
  return { max_model_len: tokens, context_length: tokens, context_window: tokens }
}

/** Adds `GET /v1/models` and `GET /v1/models/{model}`: https://platform.openai.com/docs/api-reference/models. */
export function addModels(api: Api, { models }: Services): void {
  const created = Math.floor(Date.now() / 1000)
  const toModel = ({ id, loaded }: ServedModel): z.output<typeof modelSchema> => ({
    id,
    object: 'model',
    created,
    owned_by: 'this-server',
    loaded: loaded !== undefined,
    capabilities: loaded === undefined ? null : toCapabilities(loaded),
    context_tokens: loaded?.contextTokens ?? null,
    ...(loaded?.contextTokens != null && toContext(loaded.contextTokens)),
    defaults: loaded === undefined ? null : toDefaults(loaded),
  })
  api.openapi(listRoute, async (c) =>
    c.json({ object: 'list' as const, data: (await models.list()).map(toModel) }, 200),
  )
  // Hugging Face IDs contain a slash, which clients may or may not escape. OpenAPI paths cannot express this.
  api.openAPIRegistry.registerPath(oneRoute)
  api.get('/v1/models/:model{.+}', async (c) => {
    const id = c.req.param('model')
    const all = await models.list()
    const found = all.find((model) => model.id === id)
    if (found !== undefined) return c.json(toModel(found), 200)
    const names = all.map((model) => model.id)
    throw modelNotFoundError(id, names)
  })
}
