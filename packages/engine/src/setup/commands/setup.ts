/** `mlx-app setup`: makes the Python environment of this project. `--help` lists the flags. */
import { styleText } from 'node:util'
import { findProject } from '../../engine/project/index.ts'
import { hasScript, scriptCommand } from '../../engine/project/index.ts'
import { setUp } from '../run-setup.ts'
import { terminal } from '../terminal/terminal.ts'
import { parseSetupOptions, setupHelp } from './setup-flags.ts'

/** Runs the command. @returns its exit code. */
export async function runSetup(commandArguments: string[], signal: AbortSignal): Promise<number> {
  const options = parseSetupOptions(commandArguments)
  if (options === 'help') {
    console.log(setupHelp)
    return 0
  }
  const started = performance.now()
  const result = await setUp(findProject(), options, { signal, terminal, environment: process.env })
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  const outcome = result.upToDate ? 'Already set up: nothing to do.' : `Set up in ${seconds} s.`
  const next = hasScript('start') ? ` Next: ${scriptCommand('start')}` : ''
  console.log(`${styleText('bold', outcome)}${next}`)
  return 0
}
