import type { LoadedModel, ModelDefault, Usage } from 'mlx-app'
import { newId } from './ids.ts'
import type { RequestBody } from './request-body.ts'
import type { ResponseObject, ResponseUsage } from './response-schemas.ts'
import { toResponseTool } from './tools.ts'

/** Creates the response to a request, without output. The defaults are those of the model, if they are known. */
export function createResponseObject(
  body: RequestBody,
  model: string,
  defaults?: LoadedModel['defaults'],
): ResponseObject {
  return {
    id: newId('resp'),
    object: 'response',
    created_at: currentSeconds(),
    completed_at: null,
    status: 'in_progress',
    background: false,
    error: null,
    incomplete_details: null,
    instructions: body.instructions ?? null,
    max_output_tokens: body.max_output_tokens ?? null,
    max_tool_calls: null,
    model,
    output: [],
    parallel_tool_calls: body.parallel_tool_calls ?? true,
    previous_response_id: body.previous_response_id ?? null,
    prompt_cache_key: body.prompt_cache_key ?? null,
    reasoning: { effort: body.reasoning?.effort ?? null, summary: body.reasoning?.summary ?? null },
    safety_identifier: body.safety_identifier ?? null,
    service_tier: 'default',
    store: body.store ?? true,
    temperature: body.temperature ?? numberOf(defaults?.temperature),
    text: { format: body.text?.format ?? { type: 'text' }, verbosity: body.text?.verbosity ?? 'medium' },
    tool_choice: body.tool_choice ?? 'auto',
    tools: (body.tools ?? []).map(toResponseTool),
    top_logprobs: body.top_logprobs ?? 0,
    top_p: body.top_p ?? numberOf(defaults?.topP),
    truncation: body.truncation ?? 'disabled',
    usage: null,
    user: body.user ?? null,
    metadata: body.metadata ?? {},
  }
}

function numberOf(given: ModelDefault | undefined): number | null {
  return typeof given?.value === 'number' ? given.value : null
}

/** Converts the usage to the format of this API. */
export function toResponseUsage(usage: Usage): ResponseUsage {
  const { promptTokens, cachedTokens, completionTokens, reasoningTokens } = usage
  return {
    input_tokens: promptTokens,
    input_tokens_details: { cached_tokens: cachedTokens, cache_write_tokens: 0 },
    output_tokens: completionTokens,
    output_tokens_details: { reasoning_tokens: reasoningTokens },
    total_tokens: promptTokens + completionTokens,
  }
}

/** Returns the Unix time in seconds. */
export function currentSeconds(): number {
  return Math.floor(Date.now() / 1000)
}
