import type { Tool, ToolChoice } from 'mlx-app'
import { toCustomParameters } from '../requests/custom-tools.ts'
import { type RequestedTool, toToolChoice, toTools } from '../requests/tools.ts'
import type { ChatNamedTool, ChatRequest, ChatTool } from './chat-request.ts'

/**
 * Converts the tools of a request and their choice to the engine's options.
 *
 * @throws ApiError 400 for invalid names, too many tools, or a choice that cannot be met.
 */
export function toToolOptions(body: ChatRequest): { tools: Tool[]; toolChoice: ToolChoice } {
  const tools = toTools((body.tools ?? []).map(toRequestedTool))
  const { tool_choice: choice } = body
  if (choice == null || typeof choice === 'string') return { tools, toolChoice: toToolChoice(choice, tools) }
  if (choice.type !== 'allowed_tools') {
    return { tools, toolChoice: toToolChoice({ name: nameOf(choice) }, tools) }
  }
  const { mode, tools: named } = choice.allowed_tools
  const names = named.map(nameOf)
  for (const name of names) toToolChoice({ name }, tools)
  return { tools: tools.filter(({ name }) => names.includes(name)), toolChoice: mode }
}

/** Returns the names of the custom tools of a request. */
export function customToolNames({ tools }: Pick<ChatRequest, 'tools'>): ReadonlySet<string> {
  return new Set((tools ?? []).flatMap((tool) => (tool.type === 'custom' ? tool.custom.name : [])))
}

function toRequestedTool(tool: ChatTool, place: number): RequestedTool {
  if (tool.type === 'function') return { ...tool.function, param: `tools.${place}.function` }
  const { name, description, format } = tool.custom
  const grammar = format?.type === 'grammar' ? format.grammar : undefined
  return {
    name,
    description,
    parameters: toCustomParameters(grammar),
    grammar,
    param: `tools.${place}.custom`,
  }
}

function nameOf(tool: ChatNamedTool): string {
  return tool.type === 'custom' ? tool.custom.name : tool.function.name
}
