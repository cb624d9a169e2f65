import type { GenerateOptions, ToolChoice } from 'mlx-app'
import { invalid } from '../errors.ts'

/** What an answer is to look like, as the APIs ask for it. */
export type RequestedFormat =
  | { type: 'text' }
  | { type: 'json_object' }
  | { type: 'json_schema'; schema?: Record<string, unknown> | null | undefined }

/**
 * As the engine takes it. A schema is enforced whether or not it is `strict`; without one it is any JSON object.
 *
 * @throws ApiError 400 where the request also demands a call of a tool, which leaves no room for a text.
 */
export function toResponseFormat(
  format: RequestedFormat | null | undefined,
  choice: ToolChoice,
  param = 'response_format',
): Pick<GenerateOptions, 'responseFormat'> {
  if (format == null || format.type === 'text') return {}
  if (choice !== 'auto' && choice !== 'none') {
    throw invalid(`${param}: a demanded call of a tool leaves no room for a text of a format.`, param)
  }
  if (format.type === 'json_object') return { responseFormat: { type: 'json_object' } }
  const { schema } = format
  return { responseFormat: schema == null ? { type: 'json_object' } : { type: 'json_schema', schema } }
}
