import { EngineError } from '../errors.ts'
import { type ContentPart, imageData } from '../messages.ts'
import type { CheckedGenerate } from '../options.ts'
import { withJsonSchemas } from '../tools.ts'
import type { Server } from './servers.ts'

/** What goes to the server: the path below baseUrl, and the body. */
export interface RemoteRequest {
  path: '/chat/completions' | '/completions'
  body: Record<string, unknown>
}

/**
 * A call as the server takes it. Only what was asked for is in it: a field that changes nothing may still be one
 * that the server refuses.
 *
 * @throws EngineError INVALID_REQUEST for an image that can't be read, or a tool without a JSON Schema.
 */
export async function requestOf(
  server: Server,
  model: string,
  options: CheckedGenerate,
): Promise<RemoteRequest> {
  const body = {
    model,
    stream: true,
    stream_options: { include_usage: true },
    // Completions never got the newer name.
    [options.prompt === undefined ? server.maxTokensField : 'max_tokens']: options.maxTokens,
    temperature: options.temperature,
    ...(server.stopsOnText && options.stop.length > 0 ? { stop: options.stop } : {}),
    ...sampling(options),
    ...serving(options),
  }
  if (options.prompt !== undefined) return { path: '/completions', body: { ...body, prompt: options.prompt } }
  const messages = await Promise.all(
    (options.messages ?? []).map((message) => remoteMessage(server, message)),
  )
  return { path: '/chat/completions', body: { ...body, messages, ...chat(server, options) } }
}

function sampling(options: CheckedGenerate): Record<string, unknown> {
  const { repetitionContext, presenceContext, frequencyContext, logitBias, seed } = options
  return {
    ...unless(1, { top_p: options.topP }),
    ...unless(0, { top_k: options.topK }),
    ...unless(0, { min_p: options.minP }),
    ...(options.xtcProbability === 0 ? {} : { xtc_probability: fraction(options.xtcProbability) }),
    ...unless(0.1, { xtc_threshold: fraction(options.xtcThreshold) }),
    ...unless(1, { repetition_penalty: options.repetitionPenalty }),
    ...unless(0, { presence_penalty: options.presencePenalty }),
    ...unless(0, { frequency_penalty: options.frequencyPenalty }),
    ...unless(20, { repetition_context_size: repetitionContext }),
    ...unless(20, { presence_context_size: presenceContext }),
    ...unless(20, { frequency_context_size: frequencyContext }),
    ...(Object.keys(logitBias).length === 0 ? {} : { logit_bias: logitBias }),
    ...unless(undefined, { seed }),
  }
}

function serving(options: CheckedGenerate): Record<string, unknown> {
  return {
    ...unless(1, { n: options.n }),
    ...unless('', { user: options.caller }),
    ...unless(undefined, { adapters: options.adapter }),
    ...unless(undefined, { draft_model: options.draftModel }),
    ...unless(3, { num_draft_tokens: options.draftTokens }),
  }
}

function chat(server: Server, options: CheckedGenerate): Record<string, unknown> {
  const { progressField } = server
  const { logprobs, responseFormat, tools, toolChoice, parallelToolCalls, templateOptions } = options
  const named = typeof toolChoice === 'string' ? toolChoice : functionCall({ name: toolChoice.name })
  return {
    ...(logprobs === undefined ? {} : { logprobs: true, top_logprobs: logprobs }),
    ...(responseFormat.type === 'text' ? {} : { response_format: format(responseFormat) }),
    ...(tools.length === 0 ? {} : { tools: withJsonSchemas(tools).map(functionCall), tool_choice: named }),
    ...(progressField && options.onPromptProgress ? { [progressField]: true } : {}),
    ...unless(true, { parallel_tool_calls: parallelToolCalls }),
    ...(Object.keys(templateOptions).length === 0 ? {} : { chat_template_kwargs: templateOptions }),
  }
}

function functionCall<Value>(value: Value) {
  return { type: 'function' as const, function: value }
}

function format(responseFormat: CheckedGenerate['responseFormat']): Record<string, unknown> {
  if (responseFormat.type !== 'json_schema') return responseFormat
  // Without `strict` a schema is a wish.
  return { type: 'json_schema', json_schema: { name: 'answer', schema: responseFormat.schema, strict: true } }
}

async function remoteMessage(
  server: Server,
  message: NonNullable<CheckedGenerate['messages']>[number],
): Promise<Record<string, unknown>> {
  // Past thoughts and the name of a tool have a place only where the template gets the message as it is.
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
        ...unless(undefined, { reasoning_content: free ? reasoning : undefined }),
        ...(calls.length === 0 ? {} : { tool_calls: calls }),
      }
    }
    case 'tool':
      return {
        role: 'tool',
        content: message.content,
        ...unless(undefined, { tool_call_id: message.toolCallId, name: free ? message.name : undefined }),
      }
    default: {
      const { role, content } = message
      if (typeof content === 'string') return { role, content }
      return { role, content: await Promise.all(content.map(remotePart)) }
    }
  }
}

async function remotePart(part: ContentPart) {
  if (part.type === 'text') return part
  const data = await imageData(part.image)
  return { type: 'image_url', image_url: { url: `data:${mediaType(data)};base64,${data}` } }
}

/** By the first bytes of the file, as base64 shows them. */
function mediaType(base64: string): string {
  if (base64.startsWith('iVBORw0KGgo')) return 'image/png'
  if (base64.startsWith('/9j/')) return 'image/jpeg'
  if (Buffer.from(base64.slice(0, 16), 'base64').toString('latin1', 8) === 'WEBP') return 'image/webp'
  throw new EngineError('INVALID_REQUEST', 'An image is a PNG, JPEG or WebP file, and this one is none.')
}

/** The fields that have another value than the one that says nothing. */
function unless(neutral: unknown, fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== neutral && value !== undefined),
  )
}

/**
 * mlx_lm.server wants a decimal point here, and JSON.stringify writes 1 as `1`, 0 as `0`: the doubles next to them
 * are the same numbers in the single precision that MLX computes with.
 */
function fraction(value: number): number {
  if (value === 1) return 1 - Number.EPSILON / 2
  return value === 0 ? Number.MIN_VALUE : value
}
