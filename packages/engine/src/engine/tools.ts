import * as z from 'zod'
import { EngineError } from './errors.ts'
import { limits } from './limits.ts'
import { toolSchema } from './protocol.ts'

/** A function that the model may call. Your application runs it and returns its result to the model. */
export interface Tool {
  /** Up to 64 letters, digits, `_`, `.` and `-`. */
  name: string
  /** Tells the model when to use the tool and what it returns. */
  description?: string | undefined
  /** A zod schema of an object, or a JSON Schema. */
  parameters?: z.ZodType | Record<string, unknown> | undefined
}

/** Which tools are called: what the model chooses, none, at least one, or the one with this name. */
export type ToolChoice = 'auto' | 'none' | 'required' | { name: string }

export const toolsSchema = z
  .array(
    toolSchema.extend({
      description: z.string().optional(),
      parameters: z.union([z.custom<z.ZodType>(isZodSchema), z.record(z.string(), z.unknown())]).optional(),
    }),
  )
  .max(limits.tools)

export const toolChoiceSchema = z.union([
  z.enum(['auto', 'none', 'required']),
  z.strictObject({ name: z.string().min(1) }),
])

/**
 * Converts the parameters of tools to JSON Schema, for the worker and other servers.
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
 * Converts a zod schema to JSON Schema. Objects get no additional keys unless the schema allows them, because a model
 * would fill them.
 *
 * @throws EngineError INVALID_REQUEST for a schema that JSON Schema can't express.
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
    throw new EngineError('INVALID_REQUEST', `Can't convert this zod schema to JSON Schema: ${reason}`, {
      cause,
    })
  }
}

function isZodSchema(value: unknown): value is z.ZodType {
  return typeof value === 'object' && value !== null && '_zod' in value
}
