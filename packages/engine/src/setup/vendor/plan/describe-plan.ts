/** Tells what a plan would do, for --dry-run. */
import { join } from 'node:path'
import { describeInterpreter } from '../build/interpreter.ts'
import { vendorLocks } from '../build/packages.ts'
import type { VendorPlan } from './plan.ts'
import { describeTarget } from './target.ts'

/** Returns the lines of a plan. */
export function describePlan(plan: VendorPlan): string[] {
  const { customWheels, installArguments, distDirectory, name, binName, interpreter, clean } = plan
  const locks = vendorLocks('').join(', ')
  return [
    `For ${describeTarget(plan.target)}, version ${plan.version}:`,
    ...(clean ? [`  delete everything else in ${distDirectory}`] : []),
    `  interpreter: ${describeInterpreter(plan)}`,
    `  packages of ${locks}${installArguments.length === 0 ? '' : ` with ${installArguments.join(' ')}`}`,
    ...customWheels.map((wheel) => `  ${wheel.name} ${wheel.version} from ${wheel.path}`),
    `  check versions, hashes, tags, ABI (${plan.abi}), binaries and links`,
    '  delete what an app does not use, and compile the rest',
    ...(plan.runsHere ? ['  compute and generate text'] : []),
    `  write ${join(distDirectory, name, binName)} and ${join(distDirectory, name, '_vendor')}`,
    ...(interpreter === undefined ? [] : [`  write ${join(distDirectory, 'python')}`]),
    'Nothing was done (--dry-run).',
  ]
}

/** Returns a plan as JSON. */
export function planAsJson(plan: VendorPlan): object {
  const { name, binName, version, distDirectory, clean, target, abi, interpreter, customWheels } = plan
  return {
    name,
    binName,
    version,
    distDirectory,
    clean,
    platform: target.name,
    oldestSystem: target.oldest,
    python: `3.${target.minor}`,
    abi,
    interpreter: typeof interpreter === 'object' ? interpreter.folder : (interpreter ?? null),
    customWheels,
    installArguments: plan.installArguments,
    runsHere: plan.runsHere,
  }
}
