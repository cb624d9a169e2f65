/** The command `mlx-app vendor`. */
import { styleText } from 'node:util'
import { findProject } from '../../engine/project/index.ts'
import { childEnvironment } from '../process/child-process.ts'
import { formatBytes } from '../terminal/format.ts'
import { type Terminal, terminal } from '../terminal/terminal.ts'
import { describePlan, planAsJson } from '../vendor/plan/describe-plan.ts'
import { planVendor } from '../vendor/plan/plan.ts'
import { vendor } from '../vendor/vendor.ts'
import { formatVendorHelp, parseVendorCommandLine } from './vendor-flags.ts'

/** With --json, standard output has nothing but the result. */
const onStandardError: Terminal = {
  done: (text) => console.error(`✓ ${text}`),
  note: (text) => console.error(`! ${text}`),
}

/** Runs the command. @returns the exit code. */
export async function runVendorCommand(commandArguments: string[], signal: AbortSignal): Promise<number> {
  const commandLine = parseVendorCommandLine(commandArguments, process.env)
  if (commandLine === 'help') {
    console.log(formatVendorHelp())
    return 0
  }
  const { options, dryRun, json } = commandLine
  const project = findProject()
  if (dryRun) {
    const plan = await planVendor(project, options, childEnvironment(process.env))
    console.log(json ? JSON.stringify(planAsJson(plan), null, 2) : describePlan(plan).join('\n'))
    return 0
  }
  const startMs = performance.now()
  const result = await vendor(project, options, {
    signal,
    terminal: json ? onStandardError : terminal,
    environment: process.env,
  })
  if (json) {
    console.log(JSON.stringify(result, null, 2))
    return 0
  }
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1)
  const { packages, interpreter } = result.sizes
  const bytes = packages.bytes + (interpreter?.bytes ?? 0)
  console.log(
    `${styleText('bold', `Vendored ${formatBytes(bytes)} in ${seconds} s.`)} ${result.launcher} --help`,
  )
  return 0
}
