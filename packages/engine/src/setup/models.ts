/** npm run models: what lies on this machine, and how to get more. */
import { readCommandLine } from './models/command-line.ts'
import { helpOf, helpOfAll } from './models/help.ts'
import { commands } from './models/index.ts'
import { runMain } from './terminal.ts'

await runMain(async (signal) => {
  const { command, help, id, flags } = readCommandLine(process.argv.slice(2), commands, process.env)
  if (help) {
    console.log(command === undefined ? helpOfAll(commands) : helpOf(command))
    return 0
  }
  return (command ?? commands[0]).run({ id, flags, signal })
})
