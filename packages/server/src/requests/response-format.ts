import type { GenerateOptions, ToolChoice } from 'mlx-app'
import { invalid } from '../errors.ts'

/** The response format of a request, as the APIs define it. */
export type RequestedFormat =
  | { type: 'text' }
  | { type: 'json_object' }
  | { type: 'json_schema'; schema?: Record<string, unknown> | null | undefined }

/**
 * Converts a response format to the engine's options. A schema is always enforced, `strict` or not. Without a schema,
 * any JSON object is allowed.
 *
 * @throws ApiError 400 if the request also requires a tool call, because then there is no text.
 */
export function toResponseFormat(
  format: RequestedFormat | null | undefined,
  choice: ToolChoice,
  param = 'response_format',
): Pick<GenerateOptions, 'responseFormat'> {
  if (format == null || format.type === 'text') return {}
  if (choice !== 'auto' && choice !== 'none') {
    throw invalid(`${param}: cannot be combined with a tool_choice that requires a tool call.`, param)
  }
  if (format.type === 'json_object') return { responseFormat: { type: 'json_object' } }
  const { schema } = format
  return { responseFormat: schema == null ? { type: 'json_object' } : { type: 'json_schema', schema } }
}
