import type { GenerateOptions } from 'mlx-app'
import { ApiError } from '../errors.ts'
import { resolveMaxTokens } from '../requests/limits.ts'
import { omitNullish } from '../requests/omit-nullish.ts'
import { toResponseFormat } from '../requests/response-format.ts'
import type { Settings } from '../settings.ts'
import type { RequestBody } from './request-body.ts'
import type { ResolvedTools } from './tools.ts'

/** What is asked for that this server has not. */
const refusals = {
  background: 'answers are made while the client waits; use stream.',
  conversation: 'the server keeps no conversations; use previous_response_id.',
  prompt: 'the server keeps no prompts; send instructions and input.',
} as const

/** @throws ApiError 400 for what is asked for that this server has not. */
export function rejectUnsupportedFields(body: RequestBody): void {
  for (const field of ['background', 'conversation', 'prompt'] as const) {
    if (body[field] == null || body[field] === false) continue
    throw new ApiError(400, 'unsupported', `${field}: ${refusals[field]}`, { param: field })
  }
}

/**
 * How the answer is made: all options but the model and the messages.
 *
 * @throws ApiError 400 for bounds that the server doesn't take.
 */
export function toGenerateOptions(
  body: RequestBody,
  { tools, toolChoice }: ResolvedTools,
  settings: Settings,
): GenerateOptions {
  return {
    ...omitNullish({
      temperature: body.temperature,
      topP: body.top_p,
      parallelToolCalls: body.parallel_tool_calls,
    }),
    ...toResponseFormat(body.text?.format, toolChoice, 'text.format'),
    ...(requestsLogprobs(body) && { logprobs: body.top_logprobs ?? 0 }),
    maxTokens: resolveMaxTokens(body.max_output_tokens, settings, 'max_output_tokens'),
    truncation: body.truncation === 'auto' ? 'middle' : 'none',
    templateOptions: templateOptions(body, settings),
    tools,
    toolChoice,
  }
}

/** Asking for alternatives is asking for log-probabilities. */
function requestsLogprobs({ include, top_logprobs: alternatives }: RequestBody): boolean {
  return include?.includes('message.output_text.logprobs') === true || (alternatives ?? 0) > 0
}

/**
 * Some clients send an effort whatever the model is: where the owner doesn't let requests set it, or the template has no
 * such variable, it changes nothing.
 */
function templateOptions({ reasoning }: RequestBody, settings: Settings): Record<string, unknown> {
  const { effort } = reasoning ?? {}
  if (effort == null) return {}
  const options = effort === 'none' ? { enable_thinking: false } : { reasoning_effort: effort }
  const names = Object.keys(options)
  return names.every((name) => settings.templateOptions.includes(name)) ? options : {}
}
