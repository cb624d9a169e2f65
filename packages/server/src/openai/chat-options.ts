import type { ContentPart, GenerateOptions, Message, ToolCall } from 'mlx-app'
import { invalid } from '../errors.ts'
import { HistoryChanges, orPlaceholder, toPastCall } from '../requests/history.ts'
import type { Images } from '../requests/images.ts'
import { checkMessageLimits, checkTemplateOptions, resolveMaxTokens } from '../requests/limits.ts'
import type { Settings } from '../settings.ts'
import type { ChatCall, ChatContent, ChatMessage } from './chat-messages.ts'
import type { ChatRequest } from './chat-request.ts'
import { toToolOptions } from './chat-tools.ts'
import { toRequestedFormat } from './format-fields.ts'
import { toSampling } from './sampling.ts'

/**
 * Converts a request to the engine's options, except for the model.
 *
 * @throws ApiError 400 if a limit is exceeded or fields contradict each other.
 */
export async function toGenerateOptions(
  body: ChatRequest,
  settings: Settings,
  images: Images,
  changes = new HistoryChanges(),
): Promise<GenerateOptions & { messages: Message[] }> {
  checkMessageLimits(body.messages, settings)
  const { tools, toolChoice } = toToolOptions(body)
  const asked = body.max_completion_tokens ?? body.max_tokens
  const askedBy = body.max_completion_tokens == null ? 'max_tokens' : 'max_completion_tokens'
  return {
    ...toSampling(body),
    ...toLogprobOptions(body),
    ...toRequestedFormat(body),
    tools,
    toolChoice,
    parallelToolCalls: body.parallel_tool_calls ?? true,
    templateOptions: toTemplateOptions(body, settings),
    maxTokens: resolveMaxTokens(asked, settings, askedBy),
    messages: await toMessages(body.messages, images, changes),
  }
}

function toLogprobOptions({ logprobs, top_logprobs: top }: ChatRequest): Pick<GenerateOptions, 'logprobs'> {
  if (logprobs === true) return { logprobs: top ?? 0 }
  if (top == null || top === 0) return {}
  throw invalid('top_logprobs: logprobs must be true when top_logprobs is set.', 'top_logprobs')
}

function toTemplateOptions(body: ChatRequest, settings: Settings): Record<string, unknown> {
  const { reasoning_effort: effort, chat_template_kwargs: given } = body
  const named = effort === 'none' ? { enable_thinking: false } : { reasoning_effort: effort }
  return {
    ...(effort != null && checkTemplateOptions(named, settings, 'reasoning_effort')),
    ...(given != null && checkTemplateOptions(given, settings, 'chat_template_kwargs')),
  }
}

async function toMessages(
  messages: readonly ChatMessage[],
  images: Images,
  changes: HistoryChanges,
): Promise<Message[]> {
  /** Tool names by call ID, because some templates need the name with a result. */
  const called = new Map<string, string>()
  const read: Message[] = []
  /** The images of the results before. Tool messages only have text, so a user message follows with them. */
  let seen: ContentPart[] = []
  const showImages = () => {
    if (seen.length > 0) read.push({ role: 'user', content: seen })
    seen = []
  }
  for (const [place, message] of messages.entries()) {
    const at = `messages.${place}`
    if (message.role !== 'tool') showImages()
    switch (message.role) {
      case 'system':
      case 'developer':
        read.push({ role: 'system', content: joinText(message.content) })
        break
      case 'user':
        read.push({ role: 'user', content: await toUserContent(message.content, `${at}.content`, images) })
        break
      case 'tool': {
        const { tool_call_id: toolCallId } = message
        const name = message.name ?? called.get(toolCallId)
        const parts = await toResultParts(message.content, `${at}.content`, images, changes)
        const texts = parts.filter((part) => part.type === 'text')
        seen.push(...parts.filter((part) => part.type === 'image'))
        read.push({ role: 'tool', content: joinText(texts), toolCallId, name })
        break
      }
      case 'assistant': {
        const toolCalls = (message.tool_calls ?? []).map((call, number) => {
          const past = toPastToolCall(call, `${at}.tool_calls.${number}`, changes)
          called.set(call.id, past.name)
          return past
        })
        const content = message.content ?? message.refusal ?? ''
        const reasoning = message.reasoning_content ?? message.reasoning ?? undefined
        read.push({ role: 'assistant', content: joinText(content), reasoning, toolCalls })
      }
    }
  }
  showImages()
  return read
}

async function toResultParts(
  content: ChatContent,
  param: string,
  images: Images,
  changes: HistoryChanges,
): Promise<ContentPart[]> {
  if (typeof content === 'string') return [{ type: 'text', text: content }]
  const readImage = (url: string, where: string) => orPlaceholder(images.fromUrl(url, where), where, changes)
  return await Promise.all(
    content.map(async (part, place) =>
      part.type === 'text' ? part : await readImage(part.image_url.url, `${param}.${place}.image_url.url`),
    ),
  )
}

type TextParts = readonly ({ type: 'text'; text: string } | { type: 'refusal'; refusal: string })[]

/** Joins text parts, because the templates of text models expect a single string. */
function joinText(content: string | TextParts): string {
  if (typeof content === 'string') return content
  return content.map((part) => (part.type === 'text' ? part.text : part.refusal)).join('')
}

async function toUserContent(content: ChatContent, param: string, images: Images) {
  if (typeof content === 'string') return content
  const parts = []
  for (const [place, part] of content.entries()) {
    if (part.type === 'text') parts.push(part)
    else parts.push(await images.fromUrl(part.image_url.url, `${param}.${place}.image_url.url`))
  }
  return parts.every((part) => part.type === 'text') ? joinText(parts) : parts
}

function toPastToolCall(call: ChatCall, param: string, changes: HistoryChanges): ToolCall {
  if (call.type === 'function') {
    return toPastCall({ id: call.id, ...call.function }, `${param}.function.arguments`, changes)
  }
  const { name, input } = call.custom
  return toPastCall({ id: call.id, name, arguments: { input } }, param, changes)
}
