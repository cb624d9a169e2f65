import { limits, type Tool, type ToolChoice } from 'mlx-app'
import { invalid } from '../errors.ts'
import { measureJson } from '../http/json-shape.ts'

const toolName = /^[a-zA-Z0-9_.-]{1,64}$/

/** A tool as the APIs give it, whatever they call its parts. */
export interface RequestedTool {
  name: string
  description?: string | null | undefined
  /** A JSON Schema; without one the tool takes nothing. */
  parameters?: Record<string, unknown> | null | undefined
  /** Where it stands in the body, as `tools.0.function`. */
  param: string
}

/** @throws ApiError 400 for more tools than the engine takes, for a name that can't be one, or that stands there twice. */
export function toTools(requested: readonly RequestedTool[]): Tool[] {
  if (requested.length > limits.tools) {
    throw invalid(`tools: at most ${limits.tools} may be sent, not ${requested.length}.`, 'tools')
  }
  const names = new Set<string>()
  return requested.map(({ name, description, parameters, param }) => {
    const where = `${param}.name`
    checkToolName(name, where)
    if (names.has(name)) throw invalid(`${where}: there are two tools named "${name}".`, where)
    names.add(name)
    return { name, description: description ?? undefined, parameters: parameters ?? undefined }
  })
}

/** @throws ApiError 400 for a name that can't be one of a tool. */
export function checkToolName(name: string, param: string): void {
  if (!toolName.test(name)) throw invalid(`${param}: 1 to 64 letters, digits and _ . - make a name.`, param)
}

/** @throws ApiError 400 where a call is demanded of tools that are not there. */
export function toToolChoice(
  choice: ToolChoice | null | undefined,
  tools: readonly Tool[],
  param = 'tool_choice',
): ToolChoice {
  if (choice == null || choice === 'auto' || choice === 'none') return choice ?? 'auto'
  const names = tools.map(({ name }) => name)
  if (names.length === 0) throw invalid(`${param}: a call is demanded, and the request has no tools.`, param)
  if (choice === 'required' || names.includes(choice.name)) return choice
  throw invalid(`${param}: there is no tool "${choice.name}", but: ${names.join(', ')}.`, param)
}

/** As deep as a body may be, see http/body.ts: what walks through it later calls itself for each level. */
const deepest = 128

/**
 * The arguments of a past call, which OpenAI's APIs hold as JSON in a string. An empty string is a call without any.
 *
 * @throws ApiError 400 for what is no JSON object.
 */
export function readArguments(text: string, param: string): Record<string, unknown> {
  if (text.trim() === '') return {}
  const { depth } = measureJson(Buffer.from(text), { depth: deepest, values: Number.POSITIVE_INFINITY })
  if (depth > deepest) throw invalid(`${param}: nested deeper than ${deepest} levels.`, param)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // Said below: what is no JSON is no JSON object.
  }
  if (isObject(value)) return value
  throw invalid(`${param}: the arguments of a call are a JSON object in a string.`, param)
}

/** The arguments of a call as OpenAI's APIs hold them. */
export function writeArguments(values: Record<string, unknown>): string {
  return JSON.stringify(values)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
