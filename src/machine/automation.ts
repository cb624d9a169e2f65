/**
 * Variables that coding agents set for the commands that they run, with the agent's name. The list comes from std-env
 * (github.com/unjs/std-env, src/agents.ts), without the variables that are also set in an editor's terminal.
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

/** Variables of the CI services that do not set CI: Azure Pipelines, TeamCity, Jenkins. */
const continuousIntegration = ['TF_BUILD', 'TEAMCITY_VERSION', 'JENKINS_URL']

/** Returns the name of the coding agent or CI that runs this command; undefined when a person does. */
export function detectAutomation(environment: NodeJS.ProcessEnv): string | undefined {
  const agent = agents.find(([variable]) => environment[variable])
  if (agent !== undefined) return agent[1]
  return isContinuousIntegration(environment) ? 'CI' : undefined
}

/** Whether this runs in CI: CI is set to something other than 0 or false, or a variable of a CI service is set. */
export function isContinuousIntegration(environment: NodeJS.ProcessEnv): boolean {
  const isCi = !['', '0', 'false'].includes((environment.CI ?? '').toLowerCase())
  return isCi || continuousIntegration.some((variable) => environment[variable])
}
