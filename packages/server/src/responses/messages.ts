import type { ContentPart, Message } from 'mlx-app'
import { HistoryChanges, orPlaceholder, toPastCall } from '../requests/history.ts'
import type { Images } from '../requests/images.ts'
import type { PlacedItem } from './items.ts'
import type { Item, ItemPart } from './response-schemas.ts'
import type { ToolNames } from './tool-names.ts'

type AssistantMessage = Extract<Message, { role: 'assistant' }>
type ItemMessage = Extract<Item, { type: 'message' }>

/**
 * Converts items to messages of the engine. Consecutive reasoning, text and calls become one assistant turn.
 * Instructions and system messages at the start become one message, because many templates accept only one.
 *
 * @throws ApiError 400 for an invalid image.
 */
export async function toMessages(
  items: readonly PlacedItem[],
  instructions: string | null | undefined,
  images: Images,
  names: ToolNames,
  changes = new HistoryChanges(),
): Promise<Message[]> {
  const messages: Message[] = []
  const callNames = new Map<string, string>()
  if (instructions) messages.push({ role: 'system', content: instructions })
  /** The images of the outputs before. Tool messages only have text, so a user message follows with them. */
  let seen: ContentPart[] = []
  const showImages = () => {
    if (seen.length > 0) messages.push({ role: 'user', content: seen })
    seen = []
  }
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
    if (!isOutput(item)) showImages()
    if (item.type === 'reasoning') {
      // Reasoning that only its maker can read has no text.
      if (reasoningText(item) === '') continue
      const entry = openTurn(isOver)
      entry.reasoning = (entry.reasoning ?? '') + reasoningText(item)
    } else if (item.type === 'function_call' || item.type === 'custom_tool_call') {
      const entry = openTurn(() => false)
      const given = item.type === 'custom_tool_call' ? { input: item.input } : item.arguments
      const call = { id: item.call_id, name: names.toModel(item), arguments: given }
      const past = toPastCall(call, `${param}.arguments`, changes)
      callNames.set(past.id, past.name)
      entry.toolCalls = [...(entry.toolCalls ?? []), past]
    } else if (item.type === 'message' && item.role === 'assistant') {
      openTurn(isOver).content += item.content.map(({ text }) => text).join('')
    } else {
      turn = undefined
      if (isOutput(item)) {
        const parts = await toOutputParts(item.output, param, images, changes)
        seen.push(...parts.filter((part) => part.type === 'image'))
        const name = callNames.get(item.call_id)
        if (name === undefined) changes.add(`${param}.call_id`, 'no call precedes this output')
        messages.push(toToolMessage(item.call_id, parts, name))
      } else {
        addMessage(messages, await toMessage(item, param, images))
      }
    }
  }
  showImages()
  return messages
}

type OutputItem = Extract<Item, { type: 'function_call_output' | 'custom_tool_call_output' }>

function isOutput(item: Item): item is OutputItem {
  return item.type === 'function_call_output' || item.type === 'custom_tool_call_output'
}

/** Whether a turn is complete. Text ends a turn, but calls keep it open, because outputs must follow directly. */
function isOver({ content, toolCalls }: AssistantMessage): boolean {
  return content !== '' && toolCalls === undefined
}

function reasoningText({ content, summary }: Extract<Item, { type: 'reasoning' }>): string {
  return (content.length > 0 ? content : summary).map(({ text }) => text).join('')
}

async function toOutputParts(
  output: string | ItemPart[],
  param: string,
  images: Images,
  changes: HistoryChanges,
): Promise<ContentPart[]> {
  if (typeof output === 'string') return [{ type: 'text', text: output }]
  const readImage = (url: string, where: string) => orPlaceholder(images.fromUrl(url, where), where, changes)
  return await Promise.all(
    output.map(async (part, place) =>
      part.type === 'input_text'
        ? { type: 'text' as const, text: part.text }
        : await readImage(part.image_url, `${param}.output.${place}.image_url`),
    ),
  )
}

/** @param name the tool's name, or undefined if the call was left out of the conversation. */
function toToolMessage(toolCallId: string, parts: readonly ContentPart[], name: string | undefined): Message {
  const content = parts.map((part) => (part.type === 'text' ? part.text : '')).join('')
  return { role: 'tool', content, toolCallId, ...(name !== undefined && { name }) }
}

async function toMessage(item: ItemMessage, param: string, images: Images): Promise<Message> {
  const parts = await Promise.all(
    item.content.map((part, place) => toContentPart(part, `${param}.content.${place}`, images)),
  )
  const [first] = parts
  const role = item.role === 'user' ? 'user' : 'system'
  if (parts.length === 0) return { role, content: '' }
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
