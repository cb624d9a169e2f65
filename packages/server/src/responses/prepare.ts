import type { GenerateOptions, Message } from 'mlx-app'
import type { Caller } from '../caller.ts'
import type { Services } from '../context.ts'
import { ApiError, invalid } from '../errors.ts'
import { HistoryChanges } from '../requests/history.ts'
import { Images } from '../requests/images.ts'
import { checkMessageLimits } from '../requests/limits.ts'
import { omitNullish } from '../requests/omit-nullish.ts'
import { rejectUnsupportedFields, toGenerateOptions } from './generate-options.ts'
import { type PlacedItem, toItems } from './items.ts'
import { toMessages } from './messages.ts'
import type { RequestBody } from './request-body.ts'
import { createResponseObject } from './response-object.ts'
import { collectItems, type NewTurn, type ResponseStore } from './response-store.ts'
import { type ResolvedTools, resolveTools } from './tools.ts'

/** A request, ready for the engine. */
export interface PreparedRequest {
  options: GenerateOptions & { messages: Message[] }
  /** The turn, with a response that is still empty. */
  turn: NewTurn
  offer: ResolvedTools
  changes: HistoryChanges
}

/**
 * Prepares the turn and the engine's options for a request.
 *
 * @throws ApiError 400 for an invalid request, 404 for an unknown model, response or item.
 */
export async function prepare(
  body: RequestBody,
  caller: Caller,
  services: Services,
  store: ResponseStore,
  signal: AbortSignal,
): Promise<PreparedRequest> {
  const { models, settings } = services
  rejectUnsupportedFields(body)
  const { id, model } = await models.resolve(body.model)
  const offer = resolveTools(body)
  const options = toGenerateOptions(body, offer, settings)
  const previous =
    body.previous_response_id == null ? undefined : store.get(caller, body.previous_response_id)
  if (body.previous_response_id != null && previous === undefined)
    throw previousResponseNotFoundError(body.previous_response_id)
  const changes = new HistoryChanges()
  const own = toItems(body.input, (itemId) => store.item(caller, itemId), changes)
  const past: PlacedItem[] = collectItems(previous).map((item) => ({ item, param: 'previous_response_id' }))
  // The request's own items are checked first, so that an index in a message is an index in the body.
  for (const items of [own, [...past, ...own]]) {
    checkMessageLimits(
      items.map(({ item }) => (item.type === 'message' ? item : {})),
      settings,
      'input',
    )
  }
  const images = new Images(services, { model, signal })
  const messages = await toMessages([...past, ...own], body.instructions, images, offer.names, changes)
  if (messages.length === 0) throw invalid('input: the conversation is empty.', 'input')
  const input = own.map(({ item }) => item)
  return {
    options: { ...options, ...omitNullish({ model }), messages },
    offer,
    changes,
    turn: { caller, response: createResponseObject(body, id, await models.defaultsOf(id)), input, previous },
  }
}

function previousResponseNotFoundError(id: string): ApiError {
  const message = `There is no response "${id}". It was not stored, or it has been dropped.`
  return new ApiError(404, 'previous_response_not_found', message, { param: 'previous_response_id' })
}
