import type { GenerateOptions, ResponseFormat } from 'mlx-app'

/** The response format of a request, as the APIs define it. */
export type RequestedFormat =
  | { type: 'text' }
  | { type: 'json_object'; schema?: Record<string, unknown> | null | undefined }
  | { type: 'json_schema'; schema?: Record<string, unknown> | null | undefined }

/**
 * Converts a response format to the engine's options. A schema is always enforced, `strict` or not. Without a schema,
 * any JSON object is allowed.
 */
export function toResponseFormat(
  format: RequestedFormat | null | undefined,
): Pick<GenerateOptions, 'responseFormat'> {
  const responseFormat = toEngineFormat(format)
  return responseFormat === undefined ? {} : { responseFormat }
}

/** Converts a response format to the engine's form, which is undefined for text. */
export function toEngineFormat(format: RequestedFormat | null | undefined): ResponseFormat | undefined {
  if (format == null || format.type === 'text') return undefined
  const { schema } = format
  return schema == null ? { type: 'json_object' } : { type: 'json_schema', schema }
}
