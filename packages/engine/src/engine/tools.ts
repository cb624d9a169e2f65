import * as z from 'zod'
import { EngineError } from './errors.ts'
import { toolSchema } from './protocol.ts'

/** A function that the model may call. Running it, and giving its result back, is up to the application. */
export interface Tool {
  /** Letters, digits and `_ . -`, up to 64. */
  name: string
  /** When to use it and what it gives, for the model to read. */
  description?: string | undefined
  /** What it takes: a zod schema of an object, or a JSON Schema. */
  parameters?: z.ZodType | Record<string, unknown> | undefined
}

/** Whether tools are called: as the model likes, never, at least one, or the named one. */
export type ToolChoice = 'auto' | 'none' | 'required' | { name: string }

export const toolsSchema = z
  .array(
    toolSchema.extend({
      description: z.string().optional(),
      parameters: z.union([z.custom<z.ZodType>(isZodSchema), z.record(z.string(), z.unknown())]).optional(),
    }),
  )
  .max(128)

export const toolChoiceSchema = z.union([
  z.enum(['auto', 'none', 'required']),
  z.strictObject({ name: z.string().min(1) }),
])

/**
 * The tools as the worker and other servers take them: with a JSON Schema.
 *
 * @throws EngineError INVALID_REQUEST for a zod schema that JSON Schema can't express.
 */
export function toJsonSchemaTools(tools: readonly Tool[]) {
  return tools.map(({ name, description = '', parameters = { type: 'object', properties: {} } }) => ({
    name,
    description,
    parameters: isZodSchema(parameters) ? toJsonSchema(parameters) : parameters,
  }))
}

/**
 * What a zod schema takes, as JSON Schema. Objects hold no other keys than those that are named, unless the
 * schema says so: a model would fill them.
 *
 * @throws EngineError INVALID_REQUEST for what JSON Schema can't express.
 */
export function toJsonSchema(schema: z.ZodType): Record<string, unknown> {
  try {
    return z.toJSONSchema(schema, {
      io: 'input',
      override: ({ jsonSchema }) => {
        if (jsonSchema.type === 'object') jsonSchema.additionalProperties ??= false
      },
    })
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new EngineError('INVALID_REQUEST', `This zod schema has no JSON Schema: ${reason}`, { cause })
  }
}

function isZodSchema(value: unknown): value is z.ZodType {
  return typeof value === 'object' && value !== null && '_zod' in value
}
