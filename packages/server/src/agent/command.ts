import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { findProject, hasScript, programCommand, scriptCommand } from 'mlx-app/setup'
import { readSettings } from '../settings.ts'
import { type Agent, type AgentStart, agents } from './agents.ts'
import { type Connection, connect } from './connect.ts'
import { type FoundProgram, findProgram } from './find-program.ts'

/**
 * Runs `mlx-app-server agent`, which created projects have as the script `agent`: starts a coding agent that uses the server.
 *
 * @param words the name of the agent, and arguments for it.
 * @returns the exit code of the agent, or 128 plus the number of the signal that ended it. 1 if the agent is not installed, and 2
 * for incorrect usage.
 * @throws EngineError, SettingError and StartError as `connect`.
 */
export async function runAgent([name, ...rest]: readonly string[]): Promise<number> {
  if (name === '--help' || name === '-h' || name === 'help') {
    console.log(help())
    return 0
  }
  const agent = name !== undefined && Object.hasOwn(agents, name) ? agents[name] : undefined
  if (name === undefined || agent === undefined) {
    console.error(`${name === undefined ? 'No agent given.' : `Unknown agent "${name}".`}\n\n${help()}`)
    return 2
  }
  const { root } = findProject()
  const program = findProgram(agent, root)
  if (program === undefined) {
    console.error(`${agent.title} is not installed: there is no program "${agent.program}" on the PATH.
Install it: ${agent.install}`)
    return 1
  }
  const signals = catchSignals()
  try {
    await using connection = await connect(readSettings(process.env), signals.aborted)
    signals.aborted.throwIfAborted()
    announce(agent, connection)
    const start = agent.start(connection, prepareFolder(root, name))
    const userArguments = rest[0] === '--' ? rest.slice(1) : rest
    return await run(program, start, userArguments, signals)
  } catch (error) {
    // A start fails when a signal ends it.
    if (signals.aborted.aborted) return signals.aborted.reason
    throw error
  } finally {
    signals.release()
  }
}

/** Returns the folder for the configuration and sessions of an agent, which git ignores. */
function prepareFolder(root: string, name: string): string {
  const agentsFolder = join(root, '.mlx', 'agents')
  const folder = join(agentsFolder, name)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(agentsFolder, '.gitignore'), '*\n')
  return folder
}

function announce(agent: Agent, { url, model, contextTokens, capabilities }: Connection): void {
  const context =
    contextTokens === undefined ? '' : `, ${contextTokens.toLocaleString('en')} tokens of context`
  console.error(`${agent.title} uses ${model} at ${url}${context}.`)
  if (agent.usesTools && !capabilities.includes('tools')) {
    console.error(`${model} does not support tool calls, which ${agent.title} needs. Choose another model:`)
    console.error(`  ${scriptCommand('models')}`)
  }
}

interface CaughtSignals {
  /** Aborts on the first signal. The reason is the exit code of that signal. */
  aborted: AbortSignal
  /** Sends further signals to this program. */
  forward(listener: (signal: NodeJS.Signals) => void): void
  release(): void
}

function catchSignals(): CaughtSignals {
  const controller = new AbortController()
  let forward: ((signal: NodeJS.Signals) => void) | undefined
  const onSignal = (signal: NodeJS.Signals) => {
    // A terminal sends Ctrl-C to the agent too.
    if (forward !== undefined && !(signal === 'SIGINT' && process.stdin.isTTY)) forward(signal)
    if (forward === undefined) controller.abort(128 + constants.signals[signal])
  }
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const name of names) process.on(name, onSignal)
  return {
    aborted: controller.signal,
    forward: (listener) => {
      forward = listener
    },
    release: () => {
      for (const name of names) process.off(name, onSignal)
    },
  }
}

/** Runs the agent in this terminal until it ends, and returns its exit code. */
function run(
  program: FoundProgram,
  start: AgentStart,
  userArguments: readonly string[],
  signals: CaughtSignals,
): Promise<number> {
  const words = [...program.arguments, ...start.arguments, ...userArguments]
  const child = spawn(program.file, words, {
    env: { ...process.env, ...start.environment },
    stdio: 'inherit',
  })
  signals.forward((signal) => child.kill(signal))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) =>
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
    )
  })
}

function help(): string {
  const command = hasScript('agent') ? scriptCommand('agent') : `${programCommand('mlx-app-server')} agent`
  const width = Math.max(...Object.keys(agents).map((name) => name.length))
  const rows = Object.entries(agents).map(
    ([name, { title, install }]) => `  ${name.padEnd(width)}  ${title} (${install})`,
  )
  return `Starts a coding agent that uses the server at HOST and PORT, or one that it starts for the agent.

Usage:

  ${command} NAME [-- ARGUMENTS OF THE AGENT]

Agents, and how to install them:

${rows.join('\n')}

The agent's configuration and sessions are in .mlx/agents. Your own configuration of the agent is not used or changed.
opencode keeps its sessions in its own data folder, and aider keeps its map of the repository in the repository.
MLX_API_KEY is the key for a running server that requires one.`
}
