import { ApiError, invalid } from '../errors.ts'
import { HistoryChanges, toText } from '../requests/history.ts'
import { newId } from './ids.ts'
import type { InputItem, InputMessage, InputPart, OutputPart } from './input-items.ts'
import { type ReplayedItem, readReplayedItem, replayedItemSchema } from './replayed-items.ts'
import type { RequestBody } from './request-body.ts'
import type { Item, ItemPart } from './response-schemas.ts'

/** An item of the conversation and its place in the request. */
export interface PlacedItem {
  item: Item
  /** Its path, such as `input.2`, or `previous_response_id` for an item of an earlier response. */
  param: string
}

/** Finds an item of a stored response. */
export type FindItem = (id: string) => Item | undefined

/**
 * Converts `input` to items as they are stored: each has an ID, and its content is a list of parts.
 *
 * @throws ApiError 400 for an invalid item, 404 for a reference to an unknown item.
 */
export function toItems(
  input: RequestBody['input'],
  find: FindItem,
  changes = new HistoryChanges(),
): PlacedItem[] {
  if (input == null) return []
  if (typeof input === 'string') {
    const message: InputMessage = { role: 'user', content: input }
    return [{ item: toMessage(message, 'input'), param: 'input' }]
  }
  return input.flatMap((given, place) => {
    const param = `input.${place}`
    const items = isReplayed(given)
      ? readReplayedItem(given, param, changes)
      : [toItem(given, param, find, changes)]
    return items.map((item) => ({ item, param }))
  })
}

function isReplayed(item: InputItem): item is ReplayedItem {
  return replayedItemSchema.safeParse(item).success
}

function toItem(
  item: Exclude<InputItem, ReplayedItem>,
  param: string,
  find: FindItem,
  changes: HistoryChanges,
): Item {
  switch (item.type) {
    case 'item_reference':
      return found(item.id, param, find)
    case 'function_call':
      return { ...toCall(item), arguments: toText(item.arguments ?? ''), id: item.id ?? newId('fc') }
    case 'custom_tool_call':
      return { ...toCall(item), id: item.id ?? newId('ctc') }
    case 'function_call_output':
      return { ...toCallOutput(item, param, changes), id: item.id ?? newId('fco') }
    case 'custom_tool_call_output':
      return { ...toCallOutput(item, param, changes), id: item.id ?? newId('ctco') }
    case 'reasoning':
      return {
        type: 'reasoning',
        id: item.id ?? newId('rs'),
        status: item.status ?? 'completed',
        summary: item.summary ?? [],
        content: item.content ?? [],
      }
    default:
      return toMessage(item, param)
  }
}

type Status = Item['status']

function toCall<Call extends { namespace?: string | null | undefined; status?: Status | null | undefined }>(
  given: Call,
) {
  const { namespace, status, ...call } = given
  return { ...call, ...(namespace != null && { namespace }), status: status ?? ('completed' as const) }
}

function toCallOutput<Output extends { output: string | OutputPart[]; status?: Status | null | undefined }>(
  given: Output,
  param: string,
  changes: HistoryChanges,
) {
  const { output, status, ...rest } = given
  return { ...rest, output: toOutput(output, param, changes), status: status ?? ('completed' as const) }
}

/** Keeps the parts of an output only if there are images. */
function toOutput(
  output: string | OutputPart[],
  param: string,
  changes: HistoryChanges,
): string | ItemPart[] {
  if (typeof output === 'string') return output
  const parts = output.map((part, place): ItemPart => {
    const where = `${param}.output.${place}`
    if (part.type === 'input_file') changes.add(where, 'the file was left out')
    else if (part.type !== 'input_image') return { type: 'input_text', text: part.text }
    else if (part.image_url == null) changes.add(where, 'the stored image was left out')
    else return { type: 'input_image', image_url: part.image_url, detail: 'auto' }
    return { type: 'input_text', text: '[a file that can not be read]' }
  })
  const texts = parts.filter((part) => part.type === 'input_text')
  return texts.length === parts.length ? texts.map(({ text }) => text).join('') : parts
}

function found(id: string, param: string, find: FindItem): Item {
  const item = find(id)
  if (item !== undefined) return item
  const message = `${param}.id: there is no item "${id}". It was not stored, or it has been dropped.`
  throw new ApiError(404, 'item_not_found', message, { param: `${param}.id` })
}

function toMessage(message: InputMessage, param: string): Item {
  const { role, content } = message
  const common = {
    type: 'message' as const,
    id: message.id ?? newId('msg'),
    status: message.status ?? 'completed',
  }
  const parts: InputPart[] = typeof content === 'string' ? [{ type: 'input_text', text: content }] : content
  if (role !== 'assistant') {
    const allowsImages = role === 'user'
    return {
      ...common,
      role,
      content: parts.map((part, place) => toPart(part, allowsImages, partPath(param, place))),
    }
  }
  const texts = parts.map((part, place) => getPartText(part, partPath(param, place)))
  return {
    ...common,
    role,
    content: texts.map((text) => ({ type: 'output_text', text, annotations: [], logprobs: [] })),
  }
}

function partPath(param: string, place: number): string {
  return `${param}.content.${place}`
}

/** @param allowsImages whether the message can contain images. */
function toPart(part: InputPart, allowsImages: boolean, param: string): ItemPart {
  if (part.type !== 'input_image' || !allowsImages)
    return { type: 'input_text', text: getPartText(part, param) }
  const { image_url: url } = part
  if (url != null) return { type: 'input_image', image_url: url, detail: 'auto' }
  const where = `${param}.image_url`
  throw invalid(`${where}: file ids are not supported. Send the image as a data URL.`, where)
}

function getPartText(part: InputPart, param: string): string {
  if (part.type === 'refusal') return part.refusal
  if (part.type !== 'input_image') return part.text
  throw invalid(`${param}: only user messages can contain images.`, param)
}
