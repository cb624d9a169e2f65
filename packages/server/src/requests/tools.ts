import { type GenerateOptions, limits, type Tool, type ToolChoice } from 'mlx-app'
import { invalid } from '../errors.ts'

const toolName = /^[a-zA-Z0-9_.-]{1,64}$/

/** A tool of a request, in a form that all APIs share. */
export interface RequestedTool {
  name: string
  description?: string | null | undefined
  /** A JSON Schema. Without it, the tool has no parameters. */
  parameters?: Record<string, unknown> | null | undefined
  /** The grammar of a custom tool. */
  grammar?: Tool['grammar']
  /** The path of the tool in the body, such as `tools.0.function`. */
  param: string
}

/**
 * Converts the tools of a request to the engine's form.
 *
 * @throws ApiError 400 for too many tools, an invalid name, or a duplicate name.
 */
export function toTools(requested: readonly RequestedTool[]): Tool[] {
  if (requested.length > limits.tools) {
    throw invalid(`tools: at most ${limits.tools} are allowed, but there are ${requested.length}.`, 'tools')
  }
  const names = new Set<string>()
  return requested.map(({ name, description, parameters, grammar, param }) => {
    const where = `${param}.name`
    checkToolName(name, where)
    if (names.has(name)) throw invalid(`${where}: there are two tools named "${name}".`, where)
    names.add(name)
    return { name, description: description ?? undefined, parameters: parameters ?? undefined, grammar }
  })
}

/**
 * Checks the name of a tool.
 *
 * @throws ApiError 400 if it is invalid.
 */
export function checkToolName(name: string, param: string): void {
  if (toolName.test(name)) return
  throw invalid(`${param}: a name must have 1 to 64 letters, digits, underscores, dots or hyphens.`, param)
}

/**
 * Checks a tool choice against the tools of the request.
 *
 * @throws ApiError 400 if it requires a tool that does not exist.
 */
export function toToolChoice(
  choice: ToolChoice | null | undefined,
  tools: readonly Tool[],
  param = 'tool_choice',
): ToolChoice {
  if (choice == null || choice === 'auto' || choice === 'none') return choice ?? 'auto'
  const names = tools.map(({ name }) => name)
  if (names.length === 0)
    throw invalid(`${param}: a tool call is required, but the request has no tools.`, param)
  if (choice === 'required' || names.includes(choice.name)) return choice
  throw invalid(`${param}: there is no tool "${choice.name}". Available tools: ${names.join(', ')}.`, param)
}

/** Returns the tools that the model sees, which with the choice `none` are none. */
export function seenTools({ tools = [], toolChoice }: Pick<GenerateOptions, 'tools' | 'toolChoice'>) {
  return toolChoice === 'none' ? [] : tools
}

/** Serialises the arguments of a tool call as OpenAI's APIs send them. */
export function writeArguments(values: Record<string, unknown>): string {
  return JSON.stringify(values)
}
