#!/usr/bin/env node
/** The program `mlx-app`: setup, doctor, models. */
import { UsageError } from './setup/commands/setup-flags.ts'
import { runMain } from './setup/terminal/terminal.ts'

const help = `Usage: mlx-app COMMAND

  setup    makes the Python environment of this project, once and again after an update
  doctor   checks what an answer depends on, and tells you how to fix what is wrong
  models   lists, pulls, verifies and removes models

Each command has a help of its own: npx mlx-app setup --help
`

const [command, ...commandArguments] = process.argv.slice(2)

await runMain(async (signal) => {
  switch (command) {
    case 'setup': {
      const { runSetup } = await import('./setup/commands/setup.ts')
      return await runSetup(commandArguments, signal)
    }
    case 'doctor': {
      const { runDoctor } = await import('./setup/commands/doctor.ts')
      return await runDoctor(commandArguments)
    }
    case 'models': {
      const { runModels } = await import('./setup/commands/models.ts')
      return await runModels(commandArguments, signal)
    }
    case undefined:
    case '--help':
    case '-h':
      console.log(help)
      return command === undefined ? 2 : 0
    default:
      throw new UsageError(`mlx-app ${command}: there are setup, doctor, models.`)
  }
})
