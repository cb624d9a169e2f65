#!/usr/bin/env node
/** The program `mlx-app-server`. */
import { resolve } from 'node:path'
import { findProject, programCommand } from 'mlx-app/setup'
import { runKeys } from './keys/command.ts'
import { readSettings, SettingError, settingRows } from './settings.ts'

const [command, ...rest] = process.argv.slice(2)

if (command === undefined) await serve()
else if (command === 'keys') process.exitCode = await keys(rest)
else if (isHelp(command) && rest.length === 0) console.log(help())
else {
  const unknown = isHelp(command) ? rest[0] : command
  console.error(`What is "${unknown}"?\n\n${usage()}`)
  process.exitCode = 2
}

/** Loaded when it is needed: the other commands are there at once. */
async function serve(): Promise<void> {
  const { runServer } = await import('./run.ts')
  await runServer()
}

function isHelp(word: string): boolean {
  return word === '--help' || word === '-h' || word === 'help'
}

/** The commands for keys, on the file of KEYS_FILE; gives the exit code. */
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
    [program, 'starts the server for the project of this folder'],
    [`${program} keys --help`, 'makes, lists and revokes keys'],
    [`${program} --help`, 'shows all settings'],
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
  return `An HTTP server for a model on MLX, with the APIs of OpenAI and of Anthropic.

${usage()}

Settings, from the environment:

${rows.join('\n')}

Exit codes: 0 after a signal, 1 where it can't start, 2 for a wrong word or variable, 130 for Ctrl-C before it listens.`
}
