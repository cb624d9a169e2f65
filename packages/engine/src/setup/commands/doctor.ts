/** The command `mlx-app doctor`. It exits with 1 if a check fails. */
import { styleText } from 'node:util'
import { scriptWithArguments } from '../../engine/project/index.ts'
import { CheckContext, type CheckResult, runChecks } from '../checks/check.ts'
import { checks } from '../checks/index.ts'
import { statusMark } from '../terminal/terminal.ts'
import { parseFlags } from './usage-error.ts'

function formatHelp(): string {
  return `Checks the installation and tells you how to fix problems.

Usage: ${scriptWithArguments('doctor', '[options]')}

Options:
  --json       print JSON: { "good": boolean, "checks": [{ "name", "good", "detail", "fix" }] }
  -h, --help   show this help
`
}

const nameColumns = Math.max(...checks.map((check) => check.name.length))

/** Runs the command. @returns the exit code. */
export async function runDoctorCommand(commandArguments: string[]): Promise<number> {
  const { values: flags } = parseFlags({
    args: commandArguments,
    options: {
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (flags.help) {
    console.log(formatHelp())
    return 0
  }
  await using context = new CheckContext()
  const results = await runChecks(checks, context, (result) => {
    if (!flags.json) console.log(formatResult(result))
  })
  const good = results.every((result) => result.good !== false)
  if (flags.json) console.log(JSON.stringify({ good, checks: results }, null, 2))
  else {
    console.log(
      good
        ? '\nNo problems found.'
        : '\nFix the checks marked ✗ in order: the first one may cause the others.',
    )
  }
  return good ? 0 : 1
}

function formatResult({ name, good, detail, fix }: CheckResult): string {
  const mark = good === null ? '-' : statusMark(good)
  const text = `${mark} ${name.padEnd(nameColumns)}  ${detail}`
  return fix === undefined ? text : `${text}\n  ${' '.repeat(nameColumns)}  ${styleText('bold', fix)}`
}
