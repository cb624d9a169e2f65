import { z } from '@hono/zod-openapi'
import { limits, type Tool } from 'mlx-app'
import { writeArguments } from './tools.ts'

/** The grammar of a custom tool. */
export const grammarShape = {
  syntax: z.enum(['lark', 'regex']),
  definition: z.string().min(1).max(limits.grammarCharacters),
}

type ToolGrammar = NonNullable<Tool['grammar']>

/**
 * Returns the parameters of a custom tool for the model, which calls it with one text. They tell it the grammar, which
 * the engine enforces.
 */
export function toCustomParameters(grammar: ToolGrammar | undefined) {
  const rules =
    grammar === undefined
      ? ''
      : ` It follows this ${grammar.syntax === 'lark' ? 'Lark grammar' : 'regular expression'}:\n${grammar.definition}`
  const input = { type: 'string', description: `The text of the call.${rules}` }
  return { type: 'object', properties: { input }, required: ['input'], additionalProperties: false }
}

/** Returns the text of a call. A model that was not held to the parameters may have written others. */
export function toCustomInput(values: Record<string, unknown>): string {
  return typeof values.input === 'string' ? values.input : writeArguments(values)
}
