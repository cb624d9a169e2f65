import type { GenerateOptions } from 'mlx-app'
import { ApiError } from '../errors.ts'
import { resolveMaxTokens } from '../requests/limits.ts'
import { omitNullish } from '../requests/omit-nullish.ts'
import { toResponseFormat } from '../requests/response-format.ts'
import { toSeed, toTopP } from '../requests/sampling.ts'
import type { Settings } from '../settings.ts'
import type { RequestBody } from './request-body.ts'
import type { ResolvedTools } from './tools.ts'

/** Fields that this server does not support, and what to use instead. */
const unsupportedFields = {
  background: 'background responses are not supported. Use stream instead.',
  conversation: 'conversations are not supported. Use previous_response_id instead.',
  prompt: 'stored prompts are not supported. Send instructions and input instead.',
} as const

/**
 * Rejects fields that this server does not support.
 *
 * @throws ApiError 400 if the request uses one.
 */
export function rejectUnsupportedFields(body: RequestBody): void {
  for (const field of ['background', 'conversation', 'prompt'] as const) {
    if (body[field] == null || body[field] === false) continue
    throw new ApiError(400, 'unsupported', `${field}: ${unsupportedFields[field]}`, { param: field })
  }
}

/**
 * Converts a request to the engine's options, except for the model and the messages.
 *
 * @throws ApiError 400 if a limit is exceeded or fields contradict each other.
 */
export function toGenerateOptions(
  body: RequestBody,
  { tools, toolChoice }: ResolvedTools,
  settings: Settings,
): GenerateOptions {
  return {
    ...omitNullish({
      temperature: body.temperature,
      topP: toTopP(body.top_p),
      seed: toSeed(body.seed),
      parallelToolCalls: body.parallel_tool_calls,
    }),
    ...toResponseFormat(body.text?.format),
    ...(requestsLogprobs(body) && { logprobs: body.top_logprobs ?? 0 }),
    maxTokens: resolveMaxTokens(body.max_output_tokens, settings, 'max_output_tokens'),
    truncation: body.truncation === 'auto' ? 'middle' : 'none',
    templateOptions: templateOptions(body, settings),
    tools,
    toolChoice,
  }
}

/** Whether the request asks for log probabilities. Asking for alternatives implies it. */
function requestsLogprobs({ include, top_logprobs: alternatives }: RequestBody): boolean {
  return include?.includes('message.output_text.logprobs') === true || (alternatives ?? 0) > 0
}

/**
 * Returns the chat template variables. Some clients send an effort for any model, so it is ignored if requests cannot
 * set the variable or the template does not use it.
 */
function templateOptions({ reasoning }: RequestBody, settings: Settings): Record<string, unknown> {
  const { effort } = reasoning ?? {}
  if (effort == null) return {}
  const options = effort === 'none' ? { enable_thinking: false } : { reasoning_effort: effort }
  const names = Object.keys(options)
  return names.every((name) => settings.templateOptions.includes(name)) ? options : {}
}
