import * as z from 'zod'
import { EngineError } from './errors.ts'
import { limits } from './limits.ts'
import { toolGrammarSchema, toolSchema } from './protocol.ts'

/** A function that the model may call. Your application runs it and returns its result to the model. */
export interface Tool {
  /** Up to 64 letters, digits, `_`, `.` and `-`. */
  name: string
  /** Tells the model when to use the tool and what it returns. */
  description?: string | undefined
  /** A zod schema of an object, or a JSON Schema. */
  parameters?: z.ZodType | Record<string, unknown> | undefined
  /**
   * The grammar of a tool that takes a text in place of JSON, in Lark or as a regular expression. Each call follows it,
   * required or not. The text is the only parameter, `input`, and `parameters` may describe it.
   */
  grammar?: ToolGrammar | undefined
}

/** The grammar of a text. */
export interface ToolGrammar {
  syntax: 'lark' | 'regex'
  /** The part of Lark that OpenAI's custom tools support, or an expression that matches the text as a whole. */
  definition: string
}

/** Which tools are called: what the model chooses, none, at least one, or the one with this name. */
export type ToolChoice = 'auto' | 'none' | 'required' | { name: string }

export const toolsSchema = z
  .array(
    toolSchema.extend({
      description: z.string().optional(),
      parameters: z.union([z.custom<z.ZodType>(isZodSchema), z.record(z.string(), z.unknown())]).optional(),
      grammar: toolGrammarSchema.optional(),
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
  return tools.map(({ name, description = '', grammar, parameters = grammar ? oneText : noParameters }) => ({
    name,
    description,
    parameters: isZodSchema(parameters) ? toJsonSchema(parameters) : parameters,
    ...(grammar !== undefined && { grammar }),
  }))
}

const noParameters = { type: 'object', properties: {} }
const oneText = { type: 'object', properties: { input: { type: 'string' } }, required: ['input'] }

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
