import { createRoute, z } from '@hono/zod-openapi'
import type { Caller } from '../caller.ts'
import type { Api } from '../context.ts'
import { ApiError } from '../errors.ts'
import { jsonAnswer, openaiFailures, readFailures } from '../openapi/responses.ts'
import { tags } from '../openapi/tags.ts'
import { itemSchema, responseSchema } from './response-schemas.ts'
import { collectItems, type ResponseStore, type Turn } from './response-store.ts'

const failures = { ...readFailures, 400: openaiFailures[400], 404: openaiFailures[404] }
const params = z.object({ response_id: z.string() })

const get = createRoute({
  method: 'get',
  path: '/v1/responses/{response_id}',
  operationId: 'getResponse',
  summary: 'Get a stored response',
  tags: [tags.responses],
  request: {
    params,
    query: z.object({
      stream: z.string().optional().meta({ description: '`true` is not supported for stored responses.' }),
    }),
  },
  responses: { 200: jsonAnswer(responseSchema, 'The response.'), ...failures },
})

const remove = createRoute({
  method: 'delete',
  path: '/v1/responses/{response_id}',
  operationId: 'deleteResponse',
  summary: 'Delete a stored response',
  description: 'Responses that continue it keep their conversation.',
  tags: [tags.responses],
  request: { params },
  responses: {
    200: jsonAnswer(
      z
        .object({ id: z.string(), object: z.literal('response'), deleted: z.literal(true) })
        .openapi('DeletedResponse'),
      'The response was deleted.',
    ),
    ...failures,
  },
})

const list = createRoute({
  method: 'get',
  path: '/v1/responses/{response_id}/input_items',
  operationId: 'listResponseInputItems',
  summary: 'List the input items of a response',
  description: 'All items before the output, including those of earlier responses in the conversation.',
  tags: [tags.responses],
  request: {
    params,
    query: z.object({
      limit: z.coerce.number().int().min(1).max(100).default(20),
      order: z
        .enum(['asc', 'desc'])
        .default('desc')
        .meta({ description: '`asc` lists the oldest item first.' }),
      after: z.string().optional().meta({ description: 'The ID of the item to continue after.' }),
    }),
  },
  responses: {
    200: jsonAnswer(
      z
        .object({
          object: z.literal('list'),
          data: z.array(itemSchema),
          first_id: z.string().nullable(),
          last_id: z.string().nullable(),
          has_more: z.boolean(),
        })
        .openapi('ResponseItemList'),
      'The items.',
    ),
    ...failures,
  },
})

/** Adds the endpoints for stored responses. Callers can access only their own. */
export function addStoredResponses(api: Api, store: ResponseStore): void {
  api.openapi(get, (c) => {
    const { response } = getStoredTurn(store, c.var.caller, c.req.valid('param').response_id)
    if (c.req.valid('query').stream !== 'true') return c.json(response, 200)
    const message = 'stream: stored responses cannot be streamed.'
    throw new ApiError(400, 'unsupported', message, { param: 'stream' })
  })
  api.openapi(remove, (c) => {
    const { response_id: id } = c.req.valid('param')
    if (!store.delete(c.var.caller, id)) throw responseNotFoundError(id)
    return c.json({ id, object: 'response' as const, deleted: true as const }, 200)
  })
  api.openapi(list, (c) => {
    const { limit, order, after } = c.req.valid('query')
    const { previous, input } = getStoredTurn(store, c.var.caller, c.req.valid('param').response_id)
    const items = [...collectItems(previous), ...input]
    if (order === 'desc') items.reverse()
    const from = after === undefined ? 0 : items.findIndex(({ id }) => id === after) + 1
    if (after !== undefined && from === 0) {
      throw new ApiError(400, 'invalid_value', `after: there is no item "${after}".`, { param: 'after' })
    }
    const data = items.slice(from, from + limit)
    return c.json(
      {
        object: 'list' as const,
        data,
        first_id: data[0]?.id ?? null,
        last_id: data.at(-1)?.id ?? null,
        has_more: from + limit < items.length,
      },
      200,
    )
  })
}

function getStoredTurn(store: ResponseStore, caller: Caller, id: string): Turn {
  const turn = store.get(caller, id)
  if (turn === undefined) throw responseNotFoundError(id)
  return turn
}

function responseNotFoundError(id: string): ApiError {
  const message = `There is no response "${id}". It was not stored, or it has been dropped.`
  return new ApiError(404, 'response_not_found', message, { param: 'response_id' })
}
