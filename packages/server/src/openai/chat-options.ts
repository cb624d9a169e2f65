import type { GenerateOptions, Message, Tool, ToolChoice } from 'mlx-app'
import { invalid } from '../errors.ts'
import type { Images } from '../requests/images.ts'
import { checkMessageLimits, checkTemplateOptions, resolveMaxTokens } from '../requests/limits.ts'
import { toResponseFormat } from '../requests/response-format.ts'
import { readArguments, toToolChoice, toTools } from '../requests/tools.ts'
import type { Settings } from '../settings.ts'
import type { ChatCall, ChatMessage, ChatUserContent } from './chat-messages.ts'
import type { ChatRequest } from './chat-request.ts'
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
): Promise<GenerateOptions & { messages: Message[] }> {
  checkMessageLimits(body.messages, settings)
  const { tools, toolChoice } = toToolOptions(body)
  const { response_format: format } = body
  const schema = format?.type === 'json_schema' ? format.json_schema.schema : undefined
  const asked = body.max_completion_tokens ?? body.max_tokens
  const askedBy = body.max_completion_tokens == null ? 'max_tokens' : 'max_completion_tokens'
  return {
    ...toSampling(body),
    ...toLogprobOptions(body),
    ...toResponseFormat(format && { type: format.type, schema }, toolChoice),
    tools,
    toolChoice,
    parallelToolCalls: body.parallel_tool_calls ?? true,
    templateOptions: toTemplateOptions(body, settings),
    maxTokens: resolveMaxTokens(asked, settings, askedBy),
    messages: await toMessages(body.messages, images),
  }
}

function toToolOptions(body: ChatRequest): { tools: Tool[]; toolChoice: ToolChoice } {
  const tools = toTools(
    (body.tools ?? []).map((tool, place) => ({ ...tool.function, param: `tools.${place}.function` })),
  )
  const { tool_choice: choice } = body
  if (choice == null || typeof choice === 'string') return { tools, toolChoice: toToolChoice(choice, tools) }
  if (choice.type === 'function') {
    return { tools, toolChoice: toToolChoice({ name: choice.function.name }, tools) }
  }
  const { mode, tools: named } = choice.allowed_tools
  for (const {
    function: { name },
  } of named)
    toToolChoice({ name }, tools)
  const allowed = tools.filter(({ name }) => named.some((entry) => entry.function.name === name))
  return { tools: allowed, toolChoice: mode }
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

async function toMessages(messages: readonly ChatMessage[], images: Images): Promise<Message[]> {
  /** Tool names by call ID, because some templates need the name with a result. */
  const called = new Map<string, string>()
  const read: Message[] = []
  for (const [place, message] of messages.entries()) {
    const at = `messages.${place}`
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
        read.push({ role: 'tool', content: joinText(message.content), toolCallId, name })
        break
      }
      case 'assistant': {
        const toolCalls = (message.tool_calls ?? []).map((call, number) => {
          called.set(call.id, call.function.name)
          return toPastToolCall(call, `${at}.tool_calls.${number}`)
        })
        const content = message.content ?? message.refusal ?? ''
        const reasoning = message.reasoning_content ?? message.reasoning ?? undefined
        read.push({ role: 'assistant', content: joinText(content), reasoning, toolCalls })
      }
    }
  }
  return read
}

type TextParts = readonly ({ type: 'text'; text: string } | { type: 'refusal'; refusal: string })[]

/** Joins text parts, because the templates of text models expect a single string. */
function joinText(content: string | TextParts): string {
  if (typeof content === 'string') return content
  return content.map((part) => (part.type === 'text' ? part.text : part.refusal)).join('')
}

async function toUserContent(content: ChatUserContent, param: string, images: Images) {
  if (typeof content === 'string') return content
  const parts = []
  for (const [place, part] of content.entries()) {
    if (part.type === 'text') parts.push(part)
    else parts.push(await images.fromUrl(part.image_url.url, `${param}.${place}.image_url.url`))
  }
  return parts.every((part) => part.type === 'text') ? joinText(parts) : parts
}

function toPastToolCall({ id, function: { name, arguments: text } }: ChatCall, param: string) {
  return { id, name, arguments: readArguments(text, `${param}.function.arguments`) }
}
