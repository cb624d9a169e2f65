/** `mlx-app doctor`: looks at everything that an answer depends on. Exit code 1 when something needs mending. */
import { parseArgs, styleText } from 'node:util'
import { CheckContext, type Result, runChecks } from '../checks/check.ts'
import { checks } from '../checks/index.ts'
import { mark } from '../terminal/terminal.ts'
import { asUsageError } from './setup-flags.ts'

const help = `Checks what an answer depends on, and says how to mend what is wrong.

  --json   the same for a program: { "good": boolean, "checks": [{ "name", "good", "detail", "mend" }] }
  --help   this text
`

const width = Math.max(...checks.map((check) => check.name.length))

/** Runs the command. @returns its exit code. */
export async function runDoctor(commandArguments: string[]): Promise<number> {
  const flags = parseFlags(commandArguments)
  if (flags.help) {
    console.log(help)
    return 0
  }
  await using findings = new CheckContext()
  const results = await runChecks(checks, findings, (result) => {
    if (!flags.json) console.log(line(result))
  })
  const good = results.every((result) => result.good !== false)
  if (flags.json) console.log(JSON.stringify({ good, checks: results }, null, 2))
  else
    console.log(
      good
        ? '\nAll is well.'
        : '\nMend the lines with a cross from the top: the first may be the cause of the rest.',
    )
  return good ? 0 : 1
}

function line({ name, good, detail, mend }: Result): string {
  const sign = good === null ? '-' : mark(good)
  const text = `${sign} ${name.padEnd(width)}  ${detail}`
  return mend === undefined ? text : `${text}\n  ${' '.repeat(width)}  ${styleText('bold', mend)}`
}

function parseFlags(argv: string[]) {
  try {
    return parseArgs({
      args: argv,
      options: {
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values
  } catch (error) {
    throw asUsageError(error)
  }
}
