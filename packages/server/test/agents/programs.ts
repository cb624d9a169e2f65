/** The real coding agents, which tests install once. */
import { dirname, join } from 'node:path'
import { nodeForClients } from '../../../../scripts/client-packages.ts'
import { installOnce } from '../../../../test/support/npm-programs.ts'
import { environmentOnce } from '../python-clients.ts'

/** The packages of each agent. They have no lock, because a mirror may lack the binaries for other platforms. */
const packages = {
  claude: '@anthropic-ai/claude-code@2.1.332',
  codex: '@openai/codex@0.171.0',
  opencode: 'opencode-ai@1.18.33',
  qwen: '@qwen-code/qwen-code@0.24.4',
}
const aider = { name: 'aider-0.86.2', package: 'aider-chat==0.86.2' }

export type AgentName = keyof typeof packages | 'aider'

/** Installs an agent if needed, and returns the folders for the PATH with its program and the Node that it needs. */
export async function agentFolders(name: AgentName): Promise<string[]> {
  if (name === 'aider') return [dirname(await environmentOnce(aider.name, [aider.package]))]
  const specifier = packages[name]
  const modules = await installOnce(join('agents', specifier.replaceAll('/', '+')), [specifier])
  return [join(modules, '.bin'), dirname(await nodeForClients())]
}
