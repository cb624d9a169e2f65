import type { GenerateOptions, Tool } from 'mlx-app'
import type { EngineService } from '../engine-service.ts'
import type { Settings } from '../settings.ts'

/**
 * Returns options with what the server sets for each prompt. An engine that uses another server takes neither that nor the
 * grammars of tools, so those are left out.
 */
export function toEngineOptions<Options extends Pick<GenerateOptions, 'tools'>>(
  options: Options,
  { isRemote }: Pick<EngineService, 'isRemote'>,
  { volatileLines }: Pick<Settings, 'volatileLines'>,
) {
  if (!isRemote) return { ...options, volatileLines }
  const { tools } = options
  return { ...options, ...(tools !== undefined && { tools: withoutGrammars(tools) }) }
}

function withoutGrammars(tools: readonly Tool[]): Tool[] {
  return tools.map(({ grammar: _, ...tool }) => tool)
}
