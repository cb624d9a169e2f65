import type { CheckedGenerate } from '../check-options.ts'
import { EngineError } from '../errors.ts'
import { type ContentPart, readImage } from '../messages.ts'
import { toJsonSchemaTools } from '../tools.ts'
import type { Capability, Server } from './servers.ts'

/** A request to the server: the path below baseUrl, and the body. */
export interface RemoteRequest {
  path: '/chat/completions' | '/completions'
  body: Record<string, unknown>
}

/**
 * Converts a call to a request. Options with their default values are left out, because the server might refuse their
 * fields.
 *
 * @throws EngineError INVALID_REQUEST for an image that can't be read, or a tool that JSON Schema can't express.
 */
export async function toRemoteRequest(
  server: Server,
  model: string,
  options: CheckedGenerate,
): Promise<RemoteRequest> {
  const body = {
    model,
    stream: true,
    stream_options: { include_usage: true },
    // Completions don't have the newer name.
    [options.prompt === undefined ? server.maxTokensField : 'max_tokens']: options.maxTokens,
    ...withoutDefault(undefined, { temperature: options.temperature }),
    ...(server.stopsOnText && options.stop.length > 0 ? { stop: options.stop } : {}),
    ...samplingFields(server, options),
    ...servingFields(options),
  }
  if (options.prompt !== undefined) return { path: '/completions', body: { ...body, prompt: options.prompt } }
  const messages = await Promise.all(
    (options.messages ?? []).map((message) => toRemoteMessage(server, message)),
  )
  return { path: '/chat/completions', body: { ...body, messages, ...chatFields(server, options) } }
}

/** Returns the options of sampling that the call gives. Without them, the server's model has its own. */
function samplingFields(server: Server, options: CheckedGenerate): Record<string, unknown> {
  const { xtcProbability, xtcThreshold, logitBias, seed } = options
  const fields: readonly [Capability, Record<string, unknown>][] = [
    ['topP', { top_p: options.topP }],
    ['topK', { top_k: options.topK }],
    ['minP', { min_p: options.minP }],
    ['xtc', { xtc_probability: withDecimalPoint(xtcProbability) }],
    ['xtc', { xtc_threshold: withDecimalPoint(xtcThreshold) }],
    ['repetitionPenalty', { repetition_penalty: options.repetitionPenalty }],
    ['presencePenalty', { presence_penalty: options.presencePenalty }],
    ['frequencyPenalty', { frequency_penalty: options.frequencyPenalty }],
    ['penaltyContext', { repetition_context_size: options.repetitionContext }],
    ['penaltyContext', { presence_context_size: options.presenceContext }],
    ['penaltyContext', { frequency_context_size: options.frequencyContext }],
  ]
  // `refuseUnsupported` lets through only values that change nothing.
  const supported = fields.filter(([capability]) => server.capabilities.includes(capability))
  return {
    ...Object.assign({}, ...supported.map(([, field]) => withoutDefault(undefined, field))),
    ...(Object.keys(logitBias).length === 0 ? {} : { logit_bias: logitBias }),
    ...withoutDefault(undefined, { seed }),
  }
}

function servingFields(options: CheckedGenerate): Record<string, unknown> {
  return {
    ...withoutDefault(1, { n: options.n }),
    ...withoutDefault('', { user: options.caller }),
    ...withoutDefault(undefined, { adapters: options.adapter }),
    ...withoutDefault(undefined, { draft_model: options.draftModel }),
    ...withoutDefault(3, { num_draft_tokens: options.draftTokens }),
  }
}

function chatFields(server: Server, options: CheckedGenerate): Record<string, unknown> {
  const { progressField } = server
  const { logprobs, responseFormat, tools, toolChoice, parallelToolCalls, templateOptions } = options
  const mayAnswer = toolChoice === 'auto' || toolChoice === 'none'
  const named = typeof toolChoice === 'string' ? toolChoice : functionCall({ name: toolChoice.name })
  return {
    ...(logprobs === undefined ? {} : { logprobs: true, top_logprobs: logprobs }),
    // A call that is demanded leaves the format nothing to say, and some servers refuse the two together.
    ...(responseFormat.type === 'text' || !mayAnswer
      ? {}
      : { response_format: toRemoteFormat(responseFormat) }),
    ...(tools.length === 0 ? {} : { tools: toJsonSchemaTools(tools).map(functionCall), tool_choice: named }),
    ...(progressField && options.onPromptProgress ? { [progressField]: true } : {}),
    ...withoutDefault(true, { parallel_tool_calls: parallelToolCalls }),
    ...(Object.keys(templateOptions).length === 0 ? {} : { chat_template_kwargs: templateOptions }),
  }
}

function functionCall<Value>(value: Value) {
  return { type: 'function' as const, function: value }
}

function toRemoteFormat(responseFormat: CheckedGenerate['responseFormat']): Record<string, unknown> {
  if (responseFormat.type !== 'json_schema') return responseFormat
  // Without `strict`, a server may ignore the schema.
  return { type: 'json_schema', json_schema: { name: 'answer', schema: responseFormat.schema, strict: true } }
}

async function toRemoteMessage(
  server: Server,
  message: NonNullable<CheckedGenerate['messages']>[number],
): Promise<Record<string, unknown>> {
  // Earlier reasoning and the name of a tool are only allowed if the template gets the message as it is.
  const free = server.capabilities.includes('templateOptions')
  switch (message.role) {
    case 'assistant': {
      const { content, reasoning, toolCalls = [] } = message
      const calls = toolCalls.map((call) => ({
        id: call.id,
        ...functionCall({ name: call.name, arguments: JSON.stringify(call.arguments) }),
      }))
      return {
        role: 'assistant',
        content,
        ...withoutDefault(undefined, { reasoning_content: free ? reasoning : undefined }),
        ...(calls.length === 0 ? {} : { tool_calls: calls }),
      }
    }
    case 'tool':
      return {
        role: 'tool',
        content: message.content,
        ...withoutDefault(undefined, {
          tool_call_id: message.toolCallId,
          name: free ? message.name : undefined,
        }),
      }
    default: {
      const { role, content } = message
      if (typeof content === 'string') return { role, content }
      return { role, content: await Promise.all(content.map(toRemotePart)) }
    }
  }
}

async function toRemotePart(part: ContentPart) {
  if (part.type === 'text') return part
  const data = await readImage(part.image)
  return { type: 'image_url', image_url: { url: `data:${mediaTypeOf(data)};base64,${data}` } }
}

/** Returns the media type of a base64 image by its first bytes. */
function mediaTypeOf(base64: string): string {
  if (base64.startsWith('iVBORw0KGgo')) return 'image/png'
  if (base64.startsWith('/9j/')) return 'image/jpeg'
  if (Buffer.from(base64.slice(0, 16), 'base64').toString('latin1', 8) === 'WEBP') return 'image/webp'
  throw new EngineError('INVALID_REQUEST', 'An image must be a PNG, JPEG or WebP file.')
}

/** Returns the fields that differ from their default value. */
function withoutDefault(defaultValue: unknown, fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== defaultValue && value !== undefined),
  )
}

/**
 * Replaces 0 and 1 by the numbers next to them, because mlx_lm.server requires a decimal point and JSON.stringify writes
 * none for integers. In MLX's single precision they are the same numbers.
 */
function withDecimalPoint(value: number | undefined): number | undefined {
  if (value === 1) return 1 - Number.EPSILON / 2
  return value === 0 ? Number.MIN_VALUE : value
}
