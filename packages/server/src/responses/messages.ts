import type { ContentPart, Message } from 'mlx-app'
import { invalid } from '../errors.ts'
import type { Images } from '../requests/images.ts'
import { readArguments } from '../requests/tools.ts'
import type { PlacedItem } from './items.ts'
import type { Item, ItemPart } from './response-schemas.ts'
import type { ToolNames } from './tool-names.ts'

type AssistantMessage = Extract<Message, { role: 'assistant' }>
type ItemMessage = Extract<Item, { type: 'message' }>

/**
 * Converts items to messages of the engine. Consecutive reasoning, text and calls become one assistant turn.
 * Instructions and system messages at the start become one message, because many templates accept only one.
 *
 * @throws ApiError 400 for arguments that are not JSON, an output without a call, or an invalid image.
 */
export async function toMessages(
  items: readonly PlacedItem[],
  instructions: string | null | undefined,
  images: Images,
  names: ToolNames,
): Promise<Message[]> {
  const messages: Message[] = []
  const callNames = new Map<string, string>()
  if (instructions) messages.push({ role: 'system', content: instructions })
  /** The assistant turn that the next item can still belong to. */
  let turn: AssistantMessage | undefined
  const openTurn = (taken: (turn: AssistantMessage) => boolean): AssistantMessage => {
    if (turn === undefined || taken(turn)) {
      turn = { role: 'assistant', content: '' }
      messages.push(turn)
    }
    return turn
  }
  for (const { item, param } of items) {
    if (item.type === 'reasoning') {
      const entry = openTurn(isOver)
      entry.reasoning = (entry.reasoning ?? '') + reasoningText(item)
    } else if (item.type === 'function_call') {
      const entry = openTurn(() => false)
      const name = names.toModel(item)
      callNames.set(item.call_id, name)
      const values = readArguments(item.arguments, `${param}.arguments`)
      entry.toolCalls = [...(entry.toolCalls ?? []), { id: item.call_id, name, arguments: values }]
    } else if (item.type === 'message' && item.role === 'assistant') {
      openTurn(isOver).content += item.content.map(({ text }) => text).join('')
    } else {
      turn = undefined
      const message =
        item.type === 'message' ? await toMessage(item, param, images) : toToolMessage(item, param, callNames)
      addMessage(messages, message)
    }
  }
  return messages
}

/** Whether a turn is complete. Text ends a turn, but calls keep it open, because outputs must follow directly. */
function isOver({ content, toolCalls }: AssistantMessage): boolean {
  return content !== '' && toolCalls === undefined
}

function reasoningText({ content, summary }: Extract<Item, { type: 'reasoning' }>): string {
  return (content.length > 0 ? content : summary).map(({ text }) => text).join('')
}

function toToolMessage(
  { call_id: id, output }: Extract<Item, { type: 'function_call_output' }>,
  param: string,
  callNames: ReadonlyMap<string, string>,
): Message {
  const name = callNames.get(id)
  if (name !== undefined) return { role: 'tool', content: output, toolCallId: id, name }
  const where = `${param}.call_id`
  throw invalid(`${where}: no function_call "${id}" precedes this output.`, where)
}

async function toMessage(item: ItemMessage, param: string, images: Images): Promise<Message> {
  const parts = await Promise.all(
    item.content.map((part, place) => toContentPart(part, `${param}.content.${place}`, images)),
  )
  const [first] = parts
  const role = item.role === 'user' ? 'user' : 'system'
  return { role, content: parts.length === 1 && first?.type === 'text' ? first.text : parts }
}

async function toContentPart(
  part: ItemMessage['content'][number] | ItemPart,
  param: string,
  images: Images,
): Promise<ContentPart> {
  if (part.type !== 'input_image') return { type: 'text', text: part.text }
  return await images.fromUrl(part.image_url, `${param}.image_url`)
}

/** Adds a message, and merges system messages at the start. */
function addMessage(messages: Message[], message: Message): void {
  const [first] = messages
  const joins = messages.length === 1 && first?.role === 'system' && message.role === 'system'
  if (!joins) messages.push(message)
  else messages[0] = { role: 'system', content: `${getText(first)}\n\n${getText(message)}` }
}

function getText({ content }: Message): string {
  if (typeof content === 'string') return content
  return content.map((part) => (part.type === 'text' ? part.text : '')).join('')
}
