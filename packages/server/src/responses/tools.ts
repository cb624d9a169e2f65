import type { Tool, ToolChoice } from 'mlx-app'
import { invalid } from '../errors.ts'
import { toCustomParameters } from '../requests/custom-tools.ts'
import { checkToolName, type RequestedTool, toToolChoice, toTools } from '../requests/tools.ts'
import type { RequestBody } from './request-body.ts'
import { type FunctionName, ToolNames } from './tool-names.ts'
import type { AllowedTool, CustomToolParam, FunctionToolParam, NamedTool, ToolParam } from './tool-schemas.ts'

/** The tools that the model sees, and how they map to the request. */
export interface ResolvedTools {
  tools: Tool[]
  toolChoice: ToolChoice
  names: ToolNames
  /** The types of unsupported tools, which are ignored. */
  leftOut: string[]
}

/** A function, its namespace, and its path in the body. */
interface OfferedFunction extends Omit<RequestedTool, 'name'>, FunctionName {}

/**
 * Resolves the functions of a request, including those in namespaces. Other tools, such as web search, are ignored,
 * because agents offer them by default and work without them.
 *
 * @throws ApiError 400 for invalid names, too many tools, or a choice that cannot be met.
 */
export function resolveTools({ tools, tool_choice: choice }: RequestBody): ResolvedTools {
  const leftOut: string[] = []
  const offered = (tools ?? []).flatMap((tool, place) => collectFunctions(tool, `tools.${place}`, leftOut))
  const names = new ToolNames(offered)
  const all = toTools(offered.map((each) => ({ ...each, name: names.toModel(each) })))
  return { ...applyToolChoice(choice, all, { offered, names, leftOut }), names, leftOut }
}

/** Converts a tool to its form in the response: functions with defaults, other tools as they were sent. */
export function toResponseTool(tool: ToolParam): Record<string, unknown> {
  if (tool.type === 'function') return toResponseFunction(tool)
  if (tool.type === 'custom') return { ...tool, format: tool.format ?? { type: 'text' } }
  if (tool.type !== 'namespace') return tool
  const { type, name, description, tools } = tool
  return { type, name, description: description ?? null, tools: tools.map(toResponseTool) }
}

function toResponseFunction({ type, name, description, parameters, strict }: FunctionToolParam) {
  return {
    type,
    name,
    description: description ?? null,
    parameters: parameters ?? null,
    strict: strict ?? true,
  }
}

function collectFunctions(tool: ToolParam, param: string, leftOut: string[]): OfferedFunction[] {
  if (tool.type === 'function') return [{ ...tool, param }]
  if (tool.type === 'custom') return [{ ...toFunction(tool), param }]
  if (tool.type !== 'namespace') {
    leftOut.push(tool.type)
    return []
  }
  const { name: namespace, tools, description } = tool
  checkToolName(namespace, `${param}.name`)
  const functions = tools.flatMap((member, place) => {
    const where = `${param}.tools.${place}`
    if (member.type === 'function' || member.type === 'custom') checkToolName(member.name, `${where}.name`)
    return collectFunctions(member, where, leftOut).map((each) => ({ ...each, namespace }))
  })
  const [first, ...rest] = functions
  if (first === undefined || !description) return functions
  const words = first.description ? `${description}\n\n${first.description}` : description
  return [{ ...first, description: words }, ...rest]
}

/** Converts a custom tool to a function with one text. */
function toFunction({ name, description, format }: CustomToolParam) {
  const grammar =
    format?.type === 'grammar' ? { syntax: format.syntax, definition: format.definition } : undefined
  return { name, description, parameters: toCustomParameters(grammar), grammar, custom: true }
}

type Found = Pick<ResolvedTools, 'names' | 'leftOut'> & { offered: readonly OfferedFunction[] }

function applyToolChoice(
  choice: RequestBody['tool_choice'],
  all: Tool[],
  found: Found,
): Pick<ResolvedTools, 'tools' | 'toolChoice'> {
  if (choice == null || typeof choice === 'string') {
    if (choice === 'required') requireSupportedTool(all, found.leftOut)
    return { tools: all, toolChoice: toToolChoice(choice, all) }
  }
  if (choice.type === 'function' || choice.type === 'custom') {
    return { tools: all, toolChoice: toToolChoice({ name: modelName(choice, 'tool_choice', found) }, all) }
  }
  if (choice.type !== 'allowed_tools') {
    const message = `tool_choice: the tool "${choice.type}" is not supported. Only functions and custom tools can be called.`
    throw invalid(message, 'tool_choice')
  }
  const allowed = new Set(
    choice.tools.flatMap((tool, place) => allowedNames(tool, `tool_choice.tools.${place}`, all, found)),
  )
  const tools = all.filter(({ name }) => allowed.has(name))
  if (choice.mode === 'required') {
    requireSupportedTool(
      tools,
      choice.tools.map(({ type }) => type),
    )
  }
  return { tools, toolChoice: toToolChoice(choice.mode, tools) }
}

/** @throws ApiError 400 if only unsupported tools could be called. */
function requireSupportedTool(tools: readonly Tool[], leftOut: readonly string[]): void {
  if (tools.length > 0 || leftOut.length === 0) return
  const types = [...new Set(leftOut)].map((type) => `"${type}"`).join(', ')
  throw invalid(
    `tool_choice: a tool call is required, but none of the tools ${types} is supported.`,
    'tool_choice',
  )
}

function allowedNames(tool: AllowedTool, param: string, all: readonly Tool[], found: Found): string[] {
  if (tool.type === 'function' || tool.type === 'custom') {
    const name = modelName(tool, param, found)
    toToolChoice({ name }, all, `${param}.name`)
    return [name]
  }
  if (tool.type !== 'namespace') return []
  const { offered, names } = found
  const inside = offered.filter(({ namespace }) => namespace === tool.name)
  if (inside.length > 0) return inside.map((each) => names.toModel(each))
  throw invalid(`${param}.name: there are no functions in a namespace "${tool.name}".`, `${param}.name`)
}

/** Finds a function by name. OpenAI's tool choices have no namespace, so a unique name is enough. */
function modelName({ name, namespace }: NamedTool, param: string, { offered, names }: Found): string {
  if (namespace != null) return names.toModel({ name, namespace })
  if (offered.some((each) => names.toModel(each) === name)) return name
  const [first, ...others] = offered.filter((each) => each.name === name)
  if (others.length > 0) {
    const where = `${param}.name`
    throw invalid(`${where}: several namespaces have a function "${name}". Add "namespace".`, where)
  }
  return first === undefined ? name : names.toModel(first)
}
