import { fileURLToPath } from 'node:url'
import { readArguments } from './command-line/arguments.ts'
import { helpJson, helpText } from './command-line/help.ts'
import { listJson, listText } from './command-line/list.ts'
import { DamagedToolError } from './compose/damaged.ts'
import { createProject } from './create.ts'
import { CreateError, type ExitCode } from './errors.ts'
import { describeMachine } from './machine/machine.ts'
import { listenForInterrupts, releaseClosedTerminal } from './process/interrupts.ts'
import { systemErrorCode } from './system-errors.ts'
import { type Output, standardOutput } from './terminal/output.ts'
import { loadStyle, type Style } from './terminal/style.ts'
import { version } from './version.ts'

/**
 * Runs the tool.
 *
 * @param root folder of the bin, which has the templates.
 * @returns the exit code.
 */
export async function run(argv: readonly string[], root: string): Promise<ExitCode> {
  const output = standardOutput(argv.includes('--json'))
  const exitCode = await runWith(argv, root, output)
  const { writeError } = output
  if (writeError !== undefined) output.warn(`Some of the output could not be written (${writeError}).`)
  // A closed terminal takes no output either.
  if (exitCode === 130) releaseClosedTerminal()
  return exitCode === 0 && writeError !== undefined ? 1 : exitCode
}

async function runWith(argv: readonly string[], root: string, output: Output): Promise<ExitCode> {
  const interrupts = listenForInterrupts()
  try {
    const given = readArguments(argv, process.env)
    if (given.switches.has('version')) return print(output, version, { version })
    if (given.switches.has('help')) return print(output, helpText(version), { version, options: helpJson() })
    if (given.switches.has('list')) {
      const machine = describeMachine()
      // The text has nothing that the JSON lacks.
      if (!given.switches.has('json')) output.say(await listText(machine))
      output.result({ ok: true, ...(await listJson(machine)) })
      return 0
    }
    return await createProject(given, root, output, interrupts.signal)
  } catch (error) {
    return report(asDamagedToolError(error), output, await loadStyle('stderr'))
  } finally {
    interrupts[Symbol.dispose]()
  }
}

function print(output: Output, text: string, result: object): ExitCode {
  output.say(text)
  output.result({ ok: true, ...result })
  return 0
}

/** Reports an error: a user's mistake without a stack, and anything else as a bug in this tool. */
function report(error: unknown, output: Output, style: Style): ExitCode {
  if (error instanceof CreateError) {
    output.warn([style.problem(error.message), ...error.hints].join('\n'))
    output.result({ ok: false, error: { name: error.name, message: error.message, hints: error.hints } })
    return error.exitCode
  }
  const text = error instanceof Error ? stackOf(error) : String(error)
  output.warn(`This is a bug in create-mlx-app ${version}. Please report it with these details:\n${text}`)
  output.result({ ok: false, error: { name: 'Bug', message: String(error), hints: [] } })
  return 1
}

/** Returns a DamagedToolError if a chunk of the bin is missing, and any other error unchanged. */
function asDamagedToolError(error: unknown): unknown {
  if (systemErrorCode(error) !== 'ERR_MODULE_NOT_FOUND' || !(error instanceof Error)) return error
  const place = 'url' in error ? fileURLToPath(String(error.url)) : 'a part of it'
  return new DamagedToolError(place, 'is missing', error)
}

function stackOf(error: Error): string {
  const own = error.stack ?? error.message
  return error.cause instanceof Error ? `${own}\ncaused by ${stackOf(error.cause)}` : own
}
