/** Variables that coding agents set for the commands that they run, and the agent's name. */
const agents: readonly [variable: string, name: string][] = [
  ['CLAUDECODE', 'Claude Code'],
  ['CURSOR_AGENT', 'Cursor'],
  ['GEMINI_CLI', 'Gemini CLI'],
  ['CODEX_SANDBOX', 'Codex'],
  ['OPENCODE', 'opencode'],
  ['REPLIT_AGENT', 'Replit'],
  ['AI_AGENT', 'a coding agent'],
]

/** Who runs this command where nobody can be asked: a coding agent or CI; undefined for a person. */
export function detectAutomation(environment: NodeJS.ProcessEnv): string | undefined {
  const agent = agents.find(([variable]) => environment[variable])
  if (agent !== undefined) return agent[1]
  const ci = environment.CI
  return ci !== undefined && ci !== '' && ci !== '0' && ci !== 'false' ? 'CI' : undefined
}
