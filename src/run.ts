import { readArguments } from './arguments.ts'
import { createProject } from './create.ts'
import { CreateError, type ExitCode } from './errors.ts'
import { helpText, listing, listText } from './help.ts'
import { listenForInterrupts } from './system/interrupt.ts'
import { describeMachine } from './system/machine.ts'
import { type Output, standardOutput } from './system/output.ts'
import { type Style, styleFor } from './system/style.ts'
import { version } from './version.ts'

/**
 * Runs the tool.
 *
 * @param root folder of the bin: beside it lie the templates.
 * @returns the exit code.
 */
export async function run(argv: readonly string[], root: string): Promise<ExitCode> {
  const output = standardOutput(argv.includes('--json'))
  const interrupts = listenForInterrupts()
  try {
    const given = readArguments(argv, process.env)
    if (given.switches.has('version')) return tell(output, version, { version })
    if (given.switches.has('help')) return tell(output, helpText(version), listing(describeMachine()))
    if (given.switches.has('list')) {
      return tell(output, listText(describeMachine()), listing(describeMachine()))
    }
    return await createProject(given, root, output, interrupts.signal)
  } catch (error) {
    return report(error, output, await styleFor('stderr'))
  } finally {
    interrupts[Symbol.dispose]()
  }
}

function tell(output: Output, text: string, result: object): ExitCode {
  output.say(text)
  output.result({ ok: true, ...result })
  return 0
}

/** Tells an error: a user's mistake without a stack, anything else as the bug of this tool that it is. */
function report(error: unknown, output: Output, style: Style): ExitCode {
  if (error instanceof CreateError) {
    output.warn([style.problem(error.message), ...error.hints].join('\n'))
    output.result({ ok: false, error: { name: error.name, message: error.message, hints: error.hints } })
    return error.exitCode
  }
  const text = error instanceof Error ? stackOf(error) : String(error)
  output.warn(`This is a bug of create-mlx-app ${version}; please report it with what follows.\n${text}`)
  output.result({ ok: false, error: { name: 'Bug', message: String(error), hints: [] } })
  return 1
}

function stackOf(error: Error): string {
  const own = error.stack ?? error.message
  return error.cause instanceof Error ? `${own}\ncaused by ${stackOf(error.cause)}` : own
}
