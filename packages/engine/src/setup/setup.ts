/** npm run setup: makes the Python environment of this project. `--help` lists the flags. */
import { styleText } from 'node:util'
import { findProject, scriptCommand } from '../engine/project.ts'
import { parseSetupOptions, setupHelp } from './options.ts'
import { setUp } from './set-up.ts'
import { runMain, terminal } from './terminal.ts'

await runMain(async (signal) => {
  const options = parseSetupOptions(process.argv.slice(2))
  if (options === 'help') {
    console.log(setupHelp)
    return 0
  }
  const started = performance.now()
  const result = await setUp(findProject(), options, { signal, terminal, environment: process.env })
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  const outcome = result.upToDate ? 'Already set up: nothing to do.' : `Set up in ${seconds} s.`
  console.log(`${styleText('bold', outcome)} Next: ${scriptCommand('start')}`)
  return 0
})
