/** The command `mlx-app setup`. */
import { styleText } from 'node:util'
import { findProject, hasScript, scriptCommand } from '../../engine/project/index.ts'
import { setUp } from '../run-setup.ts'
import { terminal } from '../terminal/terminal.ts'
import { formatSetupHelp, parseSetupFlags } from './setup-flags.ts'

/** Runs the command. @returns the exit code. */
export async function runSetupCommand(commandArguments: string[], signal: AbortSignal): Promise<number> {
  const options = parseSetupFlags(commandArguments)
  if (options === 'help') {
    console.log(formatSetupHelp())
    return 0
  }
  const startMs = performance.now()
  const result = await setUp(findProject(), options, { signal, terminal, environment: process.env })
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1)
  const outcome = result.upToDate ? 'Already set up.' : `Set up in ${seconds} s.`
  // An app of the user's own may have no such script, and has no example to start either.
  const next = scriptCommand(hasScript('start') ? 'start' : 'doctor')
  console.log(`${styleText('bold', outcome)} Next: ${next}`)
  return 0
}
