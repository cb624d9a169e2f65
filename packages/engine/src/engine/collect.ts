import type * as z from 'zod'
import { EngineError } from './errors.ts'
import type { GenerateOptions } from './options.ts'
import type { Answer, Choice, Chunk, FinishReason, ObjectAnswer } from './results.ts'
import { toJsonSchema } from './tools.ts'

/** Reads a stream of `generate` to its end, and returns the whole answer. */
export async function collect(chunks: AsyncIterable<Chunk>): Promise<Answer> {
  const parts: (Omit<Choice, 'finishReason'> & { finishReason?: FinishReason })[] = []
  for await (const chunk of chunks) {
    parts[chunk.index] ??= { text: '', reasoning: '', toolCalls: [], toolErrors: [], logprobs: [] }
    const part = parts[chunk.index]
    if (part === undefined) continue
    part.text += chunk.text
    part.reasoning += chunk.reasoning ?? ''
    part.toolCalls.push(...(chunk.toolCalls ?? []))
    part.toolErrors.push(...(chunk.toolErrors ?? []))
    part.logprobs.push(...(chunk.logprobs ?? []))
    if (chunk.finishReason !== undefined) part.finishReason = chunk.finishReason
    if (chunk.rawFinishReason !== undefined) part.rawFinishReason = chunk.rawFinishReason
    if (chunk.stopString !== undefined) part.stopString = chunk.stopString
    const { usage, timings, model } = chunk
    if (usage === undefined || timings === undefined || model === undefined) continue
    const choices = parts.map(({ finishReason = 'stop', ...rest }) => ({ ...rest, finishReason }))
    const [first] = choices
    if (first !== undefined) return { ...first, choices, usage, timings, model }
  }
  throw new EngineError('INTERNAL', 'The stream ended before its last piece.')
}

/** Returns the options of a call whose answer must match a schema. */
export function objectOptions({
  schema,
  ...options
}: GenerateOptions & { schema: z.ZodType }): GenerateOptions {
  return { ...options, responseFormat: { type: 'json_schema', schema: toJsonSchema(schema) } }
}

/**
 * Parses an answer as a value of a schema.
 *
 * @throws EngineError INVALID_OUTPUT for a call of a tool, text that was cut off, or that the schema's own checks reject.
 */
export function parseObject<Schema extends z.ZodType>(
  answer: Answer,
  schema: Schema,
): ObjectAnswer<z.output<Schema>> {
  if (answer.finishReason === 'length') {
    throw new EngineError('INVALID_OUTPUT', `The answer was cut off: ${shorten(answer.text)}`, {
      hint: 'Raise maxTokens, or limit the lengths in the schema.',
    })
  }
  if (answer.finishReason === 'content_filter') {
    throw new EngineError(
      'INVALID_OUTPUT',
      `The server's content filter cut the answer off: ${shorten(answer.text)}`,
    )
  }
  const [call] = answer.toolCalls
  if (call !== undefined) {
    throw new EngineError('INVALID_OUTPUT', `The model called ${call.name} instead of returning an object.`, {
      hint: "Pass toolChoice 'none', or complete with responseFormat, which returns the call or the object.",
    })
  }
  let value: unknown
  try {
    value = JSON.parse(answer.text)
  } catch (cause) {
    throw new EngineError('INVALID_OUTPUT', `The answer is not valid JSON: ${shorten(answer.text)}`, {
      cause,
    })
  }
  const parsed = schema.safeParse(value)
  if (parsed.success) return { ...answer, object: parsed.data }
  throw new EngineError('INVALID_OUTPUT', `The answer does not match the schema: ${parsed.error.message}`, {
    hint: 'JSON Schema enforces types, limits and patterns. Refinements of zod are only checked afterwards.',
    cause: parsed.error,
  })
}

function shorten(text: string): string {
  return text.length <= 200 ? text : `${text.slice(0, 200)}…`
}
