/**
 * Variables that coding agents set for the commands that they run, and the agent's name. The list is that of std-env
 * (github.com/unjs/std-env, src/agents.ts), less what a person at an editor's terminal has too.
 */
const agents: readonly [variable: string, name: string][] = [
  ['CLAUDECODE', 'Claude Code'],
  ['CLAUDE_CODE', 'Claude Code'],
  ['CURSOR_AGENT', 'Cursor'],
  ['GEMINI_CLI', 'Gemini CLI'],
  ['CODEX_SANDBOX', 'Codex'],
  ['CODEX_THREAD_ID', 'Codex'],
  ['OPENCODE', 'opencode'],
  ['AUGMENT_AGENT', 'Auggie'],
  ['JUNIE_DATA', 'Junie'],
  ['JUNIE_SHIM_PATH', 'Junie'],
  ['REPLIT_AGENT', 'Replit'],
  ['AI_AGENT', 'a coding agent'],
]

/** Set by the services for CI that do not set CI: Azure Pipelines, TeamCity, Jenkins. */
const continuousIntegration = ['TF_BUILD', 'TEAMCITY_VERSION', 'JENKINS_URL']

/** Who runs this command where nobody can be asked: a coding agent or CI; undefined for a person. */
export function detectAutomation(environment: NodeJS.ProcessEnv): string | undefined {
  const agent = agents.find(([variable]) => environment[variable])
  if (agent !== undefined) return agent[1]
  return isContinuousIntegration(environment) ? 'CI' : undefined
}

/** Whether a service for CI runs this: CI is set, and not to 0 or false, or a variable of such a service is. */
export function isContinuousIntegration(environment: NodeJS.ProcessEnv): boolean {
  const isCi = !['', '0', 'false'].includes((environment.CI ?? '').toLowerCase())
  return isCi || continuousIntegration.some((variable) => environment[variable])
}
