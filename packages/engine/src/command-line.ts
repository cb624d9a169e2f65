#!/usr/bin/env node
/** The program `mlx-app`, with the commands setup, doctor, models and vendor. */
import { runMain } from './setup/commands/run-main.ts'
import { UsageError } from './setup/commands/usage-error.ts'

const help = `Usage: mlx-app <command> [options]

Commands:
  setup    create or update the Python environment of this project
  doctor   check the installation and tell you how to fix problems
  models   list, download, verify and remove models
  vendor   put Python, MLX and the worker into a folder that a desktop app ships

To see the options of a command, run: npx mlx-app <command> --help
`

const [command, ...commandArguments] = process.argv.slice(2)

await runMain(async (signal) => {
  switch (command) {
    case 'setup': {
      const { runSetupCommand } = await import('./setup/commands/setup.ts')
      return await runSetupCommand(commandArguments, signal)
    }
    case 'doctor': {
      const { runDoctorCommand } = await import('./setup/commands/doctor.ts')
      return await runDoctorCommand(commandArguments)
    }
    case 'models': {
      const { runModelsCommand } = await import('./setup/commands/models.ts')
      return await runModelsCommand(commandArguments, signal)
    }
    case 'vendor': {
      const { runVendorCommand } = await import('./setup/commands/vendor.ts')
      return await runVendorCommand(commandArguments, signal)
    }
    case undefined:
    case '--help':
    case '-h':
      console.log(help)
      return command === undefined ? 2 : 0
    default:
      throw new UsageError(`Unknown command: ${command}. The commands are setup, doctor, models and vendor.`)
  }
})
