import { createRoute, z } from '@hono/zod-openapi'
import { EngineError, limits } from 'mlx-app'
import type { Api, Services } from '../context.ts'
import { ApiError, invalid } from '../errors.ts'
import { jsonAnswer, openaiFailures } from '../openapi/responses.ts'
import { tags } from '../openapi/tags.ts'

const text = z.string().min(1)
const inputMessage =
  'Invalid input: expected a string or a list of strings. Token ids are not supported (LangChain: check_embedding_ctx_length=False)'

/** Returns the error for an item of the wrong type. Zod's own message covers empty strings. */
const invalidInputType = ({ code }: { code?: string | undefined }) =>
  code === 'invalid_type' ? inputMessage : undefined

const requestSchema = z
  .object({
    model: z
      .string()
      .nullish()
      .meta({ description: 'A model from `GET /v1/models`. Default: the configured model.' }),
    input: z
      .union(
        [
          text,
          z
            .array(z.string({ error: invalidInputType }).min(1))
            .min(1)
            .max(limits.embeddingInputs),
        ],
        {
          error: inputMessage,
        },
      )
      .meta({ description: 'The text or texts to embed.' }),
    encoding_format: z
      .enum(['float', 'base64'])
      .nullish()
      .meta({ description: '`base64` returns little-endian 32-bit floats.' }),
    dimensions: z.int().min(1).nullish().meta({
      description: 'Must be the number of dimensions that the model has. Vectors are not shortened.',
    }),
  })
  .openapi('EmbeddingRequest')

const answerSchema = z
  .object({
    object: z.literal('list'),
    model: z.string(),
    data: z.array(
      z.object({
        object: z.literal('embedding'),
        index: z.int(),
        embedding: z.union([z.array(z.number()), z.string()]),
      }),
    ),
    usage: z.object({ prompt_tokens: z.int(), total_tokens: z.int() }),
  })
  .openapi('EmbeddingList')

const route = createRoute({
  method: 'post',
  path: '/v1/embeddings',
  operationId: 'createEmbedding',
  tags: [tags.text],
  summary: 'Create embeddings',
  request: { body: { required: true, content: { 'application/json': { schema: requestSchema } } } },
  responses: {
    200: jsonAnswer(answerSchema, 'A normalised vector for each text, in order.'),
    ...openaiFailures,
  },
})

/** Adds `POST /v1/embeddings`: https://platform.openai.com/docs/api-reference/embeddings. */
export function addEmbeddings(api: Api, { models, engineService, settings }: Services): void {
  api.openapi(route, async (c) => {
    const { input, dimensions, encoding_format: format, ...body } = c.req.valid('json')
    const { id, model } = await models.resolve(body.model)
    const late = AbortSignal.timeout(settings.requestTimeoutMs)
    const answer = await engineService.engine
      .embed({
        ...(model !== undefined && { model }),
        inputs: typeof input === 'string' ? [input] : input,
        signal: AbortSignal.any([c.req.raw.signal, late]),
      })
      .catch((error) => {
        if (late.aborted)
          throw new ApiError(504, 'timeout', 'The embeddings took too long.', { cause: error })
        if (!EngineError.isInstance(error) || error.code !== 'UNSUPPORTED') throw error
        const message = `model: "${id}" does not support embeddings.`
        throw new ApiError(400, 'unsupported', message, { param: 'model', cause: error })
      })
    const size = answer.vectors[0]?.length ?? 0
    if (dimensions != null && dimensions !== size) {
      throw invalid(`dimensions: must be ${size} for this model.`, 'dimensions')
    }
    const data = answer.vectors.map((vector, index) => ({
      object: 'embedding' as const,
      index,
      embedding: format === 'base64' ? encodeBase64(vector) : vector,
    }))
    const { promptTokens } = answer.usage
    const usage = { prompt_tokens: promptTokens, total_tokens: promptTokens }
    return c.json({ object: 'list' as const, model: id, data, usage }, 200)
  })
}

function encodeBase64(vector: readonly number[]): string {
  const bytes = Buffer.alloc(4 * vector.length)
  for (const [place, value] of vector.entries()) bytes.writeFloatLE(value, 4 * place)
  return bytes.toString('base64')
}
