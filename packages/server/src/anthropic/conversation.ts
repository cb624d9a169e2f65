import type { ContentPart, Message, ToolCall } from 'mlx-app'
import { invalid } from '../errors.ts'
import { HistoryChanges, orPlaceholder, toPastCall } from '../requests/history.ts'
import type { Images } from '../requests/images.ts'
import {
  type BlocksOf,
  type DocumentBlock,
  type ForeignBlock,
  type ImageBlock,
  isForeign,
  type SearchResultBlock,
  type ToolResultBlock,
  type Turn,
} from './request-blocks.ts'

type Texts = string | readonly { text: string }[]

/**
 * Converts the turns to messages of the engine. Tool results become separate messages, before the rest of their turn.
 *
 * @throws ApiError 400 for an invalid image, or a last turn of the assistant. Chat
 * templates close each turn, so an assistant turn cannot be continued.
 */
export async function toConversation(
  system: Texts | null | undefined,
  turns: readonly Turn[],
  images: Images,
  changes = new HistoryChanges(),
): Promise<Message[]> {
  if (turns.at(-1)?.role === 'assistant') {
    const param = `messages.${turns.length - 1}`
    throw invalid(
      `${param}: the last turn must be the user's. Prefill, a last turn of the assistant, is not supported.`,
      param,
    )
  }
  const conversation = new Conversation(images, changes)
  const systemText = system == null ? '' : dropBillingHeader(system)
  if (systemText.length > 0) conversation.add({ role: 'system', content: joinText(systemText) })
  for (const [place, turn] of turns.entries()) await conversation.addTurn(turn, `messages.${place}.content`)
  return conversation.messages
}

class Conversation {
  readonly messages: Message[] = []
  readonly #images: Images
  readonly #changes: HistoryChanges
  /** Tool names by call ID, because some templates need the name with a result. */
  readonly #toolNames = new Map<string, string>()

  constructor(images: Images, changes: HistoryChanges) {
    this.#images = images
    this.#changes = changes
  }

  async addTurn(turn: Turn, param: string): Promise<void> {
    const { role, content } = turn
    if (role === 'assistant') this.#addAssistant(content, param)
    else if (role !== 'user') this.add({ role: 'system', content: joinText(content) })
    else if (typeof content === 'string') this.add({ role, content })
    else await this.#addUser(content, param)
  }

  /** Adds a message. It is merged with the last one if the role is the same, because templates expect alternation. */
  add(message: Message): void {
    const last = this.messages.at(-1)
    const together = last === undefined ? undefined : mergeMessages(last, message)
    if (together === undefined) this.messages.push(message)
    else this.messages.splice(-1, 1, together)
  }

  #addAssistant(content: string | BlocksOf<'assistant'>, param: string): void {
    const blocks = typeof content === 'string' ? [{ type: 'text' as const, text: content }] : content
    const toolCalls: ToolCall[] = []
    for (const [place, block] of blocks.entries()) {
      if (isForeign(block)) this.#leaveOut(block, `${param}.${place}`)
      if (block.type !== 'tool_use') continue
      const { id, name, input } = block
      const past = toPastCall({ id, name, arguments: input }, `${param}.${place}.input`, this.#changes)
      this.#toolNames.set(id, past.name)
      toolCalls.push(past)
    }
    const thoughts = blocks.flatMap((block) => (block.type === 'thinking' ? block.thinking : []))
    this.add({
      role: 'assistant',
      content: joinText(blocks.filter((block) => block.type === 'text')),
      ...(thoughts.length > 0 && { reasoning: thoughts.join('\n') }),
      ...(toolCalls.length > 0 && { toolCalls }),
    })
  }

  async #addUser(blocks: BlocksOf<'user'>, param: string): Promise<void> {
    const parts: ContentPart[] = []
    // Tool messages can only have text, so their images become part of the user's message.
    for (const [place, block] of blocks.entries()) {
      if (block.type === 'tool_result') parts.push(...(await this.#addResult(block, `${param}.${place}`)))
    }
    for (const [place, block] of blocks.entries()) {
      if (block.type === 'text') parts.push(block)
      else if (block.type === 'image') parts.push(await this.#image(block, `${param}.${place}`))
      else if (block.type === 'search_result') parts.push(toText(block))
      else if (block.type === 'document') parts.push(...this.#document(block, `${param}.${place}`))
      else if (isForeign(block)) this.#leaveOut(block, `${param}.${place}`)
    }
    if (parts.length > 0) this.add({ role: 'user', content: joinTexts(parts) })
    else if (blocks.every((block) => block.type !== 'tool_result')) this.add({ role: 'user', content: '' })
  }

  /** Adds a tool result and returns its images. */
  async #addResult(block: ToolResultBlock, param: string): Promise<ContentPart[]> {
    const { tool_use_id: toolCallId, content, is_error: isError } = block
    const name = this.#toolNames.get(toolCallId)
    if (name === undefined) this.#changes.add(`${param}.tool_use_id`, 'no earlier turn has this tool_use')
    const blocks = typeof content === 'string' ? [{ type: 'text' as const, text: content }] : (content ?? [])
    const parts: ContentPart[] = []
    for (const [place, block] of blocks.entries()) {
      const where = `${param}.content.${place}`
      if (block.type === 'image') parts.push(await this.#resultImage(block, where))
      else if (block.type === 'document') parts.push(...this.#document(block, where))
      else if (isForeign(block)) this.#leaveOut(block, where)
      else parts.push(toText(block))
    }
    const text = joinText(parts.filter((part) => part.type === 'text'))
    const said = isError === true ? `Error: ${text}` : text
    this.add({ role: 'tool', content: said, toolCallId, ...(name !== undefined && { name }) })
    return parts.filter((part) => part.type === 'image')
  }

  /** Returns the text of a document, or nothing if it is left out. */
  #document(block: DocumentBlock, param: string): ContentPart[] {
    const text = documentText(block)
    if (text !== undefined) return [{ type: 'text', text }]
    this.#leaveOut(block, param)
    return []
  }

  #leaveOut({ type }: ForeignBlock | DocumentBlock, param: string): void {
    this.#changes.add(param, `${type} was left out`)
  }

  #resultImage(block: ImageBlock, param: string): Promise<ContentPart> {
    return orPlaceholder(this.#image(block, param), param, this.#changes)
  }

  #image({ source }: ImageBlock, param: string): Promise<ContentPart> {
    if (source.type === 'url') return this.#images.fromUrl(source.url, `${param}.source.url`)
    return this.#images.fromBase64(source.data, source.media_type, `${param}.source.data`)
  }
}

/**
 * Removes the billing block that Claude Code puts first in the system prompt. It differs in each conversation, which
 * would defeat the prefix cache.
 */
function dropBillingHeader(system: Texts): Texts {
  if (typeof system === 'string') return system
  return system[0]?.text.startsWith('x-anthropic-billing-header:') === true ? system.slice(1) : system
}

function toText(block: { type: 'text'; text: string } | SearchResultBlock): ContentPart {
  if (block.type === 'text') return block
  const { title, source, content } = block
  return { type: 'text', text: [`${title} (${source})`, ...content.map(({ text }) => text)].join('\n') }
}

/** Returns the text of a document, or undefined if it has other content, such as a PDF or images. */
function documentText({
  source: { type, data, content },
  title,
  context,
}: DocumentBlock): string | undefined {
  const texts: (string | null | undefined)[] =
    type === 'text'
      ? [data]
      : type === 'content' && content != null
        ? typeof content === 'string'
          ? [content]
          : content.map((part) => part.text)
        : [undefined]
  if (texts.some((text) => text == null)) return undefined
  return [title, context, ...texts].filter((text) => text != null && text !== '').join('\n')
}

/** Joins blocks as paragraphs, because clients put additions to a turn into separate blocks. */
function joinText(content: Texts): string {
  return typeof content === 'string' ? content : content.map(({ text }) => text).join('\n')
}

function joinTexts(parts: readonly ContentPart[]): string | ContentPart[] {
  const together: ContentPart[] = []
  for (const part of parts) {
    const last = together.at(-1)
    if (last?.type === 'text' && part.type === 'text') {
      together.splice(-1, 1, { type: 'text', text: `${last.text}\n${part.text}` })
    } else together.push(part)
  }
  const [first] = together
  return together.length === 1 && first?.type === 'text' ? first.text : together
}

function mergeMessages(last: Message, next: Message): Message | undefined {
  if (last.role === 'user' && next.role === 'user') {
    return { role: 'user', content: joinTexts([...toParts(last.content), ...toParts(next.content)]) }
  }
  if (last.role !== 'assistant' || next.role !== 'assistant') return undefined
  const texts = [last.content, next.content].filter((text) => text !== '')
  const thoughts = [last.reasoning, next.reasoning].filter((text) => text !== undefined)
  return {
    role: 'assistant',
    content: texts.join('\n'),
    ...(thoughts.length > 0 && { reasoning: thoughts.join('\n') }),
    toolCalls: [...(last.toolCalls ?? []), ...(next.toolCalls ?? [])],
  }
}

function toParts(content: string | ContentPart[]): ContentPart[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : content
}
