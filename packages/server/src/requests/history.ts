import type { Context } from 'hono'
import type { ContentPart, ToolCall } from 'mlx-app'
import type { ApiEnv } from '../context.ts'
import { ApiError } from '../errors.ts'
import { maxDepth, measureJson } from '../http/json-shape.ts'

/** The most changes that a header names. */
const maxNamed = 8

/** What was changed in the history of a request, because the model can't read it as it is. */
export class HistoryChanges {
  readonly #changes: string[] = []

  /** @param param the path in the body. */
  add(param: string, change: string): void {
    this.#changes.push(`${param}: ${change}`)
  }

  /** Names the changes in the header `x-history-changes` and in the log. */
  report(c: Context<ApiEnv>): void {
    const changes = this.#changes
    if (changes.length === 0) return
    const more = changes.length - maxNamed
    c.header(
      'x-history-changes',
      changes.slice(0, maxNamed).join('; ') + (more > 0 ? `; and ${more} more` : ''),
    )
    c.var.log.info({ changes }, 'the history was changed for the model')
  }
}

/** A tool call of an earlier turn, as a request has it. */
export interface ReplayedCall {
  id: string
  name: string
  /** A JSON object, or its text. Anything else becomes the argument `input`. */
  arguments?: unknown
}

/** Converts a call of an earlier turn. A client may replay a call that was cut off, so every text is accepted. */
export function toPastCall(
  { id, name, arguments: given }: ReplayedCall,
  param: string,
  changes: HistoryChanges,
): ToolCall {
  const values = readArguments(given)
  if (values === undefined)
    changes.add(param, 'the arguments are not a JSON object and became the argument "input"')
  return { id, name: toToolName(name), arguments: values ?? { input: toText(given) } }
}

/** Returns the name of a tool in a form that the engine accepts. */
export function toToolName(name: string): string {
  return name.replaceAll(/[^a-zA-Z0-9_.-]/g, '_').slice(0, 64)
}

/** Returns the arguments of a call, or undefined if they are not an object. An empty text means no arguments. */
function readArguments(given: unknown): Record<string, unknown> | undefined {
  if (isObject(given)) return given
  if (given == null) return {}
  if (typeof given !== 'string') return undefined
  if (given.trim() === '') return {}
  const { depth } = measureJson(Buffer.from(given), { depth: maxDepth, values: Number.POSITIVE_INFINITY })
  if (depth > maxDepth) return undefined
  try {
    const value: unknown = JSON.parse(given)
    return isObject(value) ? value : undefined
  } catch {
    // A text that was cut off.
    return undefined
  }
}

/** Returns a value as text: a string as it is, anything else as JSON. */
export function toText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
}

/**
 * Returns the image of a tool result, or the text that stands for it if the model does not accept images, so that the
 * conversation can go on.
 *
 * @throws ApiError 400 for an invalid image.
 */
export async function orPlaceholder(
  image: Promise<ContentPart>,
  param: string,
  changes: HistoryChanges,
): Promise<ContentPart> {
  try {
    return await image
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'unsupported') throw error
    changes.add(param, 'the image was left out, because this model does not accept images')
    return { type: 'text', text: '[an image, which this model can not see]' }
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
