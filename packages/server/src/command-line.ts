#!/usr/bin/env node
/** The `mlx-app-server` command. */
import { resolve } from 'node:path'
import { findProject, programCommand } from 'mlx-app/setup'
import { readFlags } from './flags.ts'
import { runKeys } from './keys/command.ts'
import { readSettings, SettingError, settingRows } from './settings.ts'

const [command, ...rest] = process.argv.slice(2)

if (command === undefined) await serve()
else if (command.startsWith('--') && !isHelp(command)) await serveWithFlags([command, ...rest])
else if (command === 'keys') process.exitCode = await keys(rest)
else if (command === 'agent') await agent(rest)
else if (isHelp(command) && rest.length === 0) console.log(help())
else {
  const unknown = isHelp(command) ? rest[0] : command
  console.error(`Unknown argument "${unknown}".\n\n${usage()}`)
  process.exitCode = 2
}

/** Imports the server only when it is needed, so that the other commands start quickly. */
async function serve(): Promise<void> {
  const { runServer } = await import('./run.ts')
  await runServer()
}

/** Starts the server with settings as flags, which override the environment. */
async function serveWithFlags(words: readonly string[]): Promise<void> {
  try {
    Object.assign(process.env, readFlags(words))
  } catch (error) {
    if (!(error instanceof SettingError)) throw error
    console.error(`${error.message}\n\n${usage()}`)
    process.exitCode = 2
    return
  }
  await serve()
}

/** Runs a coding agent, and exits with its exit code. */
async function agent(words: readonly string[]): Promise<void> {
  const [{ runAgent }, { exitWithError }] = await Promise.all([
    import('./agent/command.ts'),
    import('./run.ts'),
  ])
  const code = await runAgent(words).catch(exitWithError)
  process.exit(code)
}

function isHelp(word: string): boolean {
  return word === '--help' || word === '-h' || word === 'help'
}

/** Runs a `keys` command on the file that KEYS_FILE names, and returns the exit code. */
async function keys(words: readonly string[]): Promise<number> {
  try {
    const { keysFile } = readSettings(process.env)
    const path = resolve(findProject().root, keysFile)
    return await runKeys(words, path, { say: console.log, note: console.error })
  } catch (error) {
    if (!(error instanceof SettingError)) throw error
    console.error(error.message)
    return 2
  }
}

function usage(): string {
  const program = programCommand('mlx-app-server')
  const lines = [
    [program, 'Start the server for the project in this folder'],
    [`${program} --keep-alive 10m`, 'Start it with a setting as a flag'],
    [
      `${program} agent NAME`,
      'Start a coding agent that uses the server: claude, codex, opencode, aider or qwen',
    ],
    [`${program} keys --help`, 'Create, list and revoke API keys'],
    [`${program} --help`, 'Show all settings'],
  ] as const
  const width = Math.max(...lines.map(([call]) => call.length))
  return `Usage:\n\n${lines.map(([call, text]) => `  ${call.padEnd(width)}  ${text}`).join('\n')}`
}

function help(): string {
  const defaults = new Map<string, unknown>(Object.entries(readSettings({})))
  const width = Math.max(...settingRows.map(({ variable }) => variable.length))
  const rows = settingRows.map(({ key, variable, meaning }) => {
    const value = String(defaults.get(key) ?? '')
    return `  ${variable.padEnd(width)}  ${meaning}${value === '' ? '' : ` (default: ${value})`}`
  })
  return `An HTTP server for MLX models that is compatible with the OpenAI and Anthropic APIs.

${usage()}

Settings (environment variables):

${rows.join('\n')}

Exit codes: 0 stopped by a signal, 1 failed to start, 2 invalid argument or setting, 130 Ctrl-C before listening.`
}
