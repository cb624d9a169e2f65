/** Leaves out the tests whose programs are missing: by name, with the reason, and never in CI. */
import type { TestContext, TestOptions } from 'vitest'
import { isContinuousIntegration } from '../../../src/machine/automation.ts'
import { findProgram, isUsedOn, missingNote, program } from './find.ts'
import type { ProgramName } from './list.ts'

declare module 'vitest' {
  interface TaskMeta {
    /** Why a test was left out before it began. */
    leftOut?: string
  }
}

/**
 * Options of a test or suite that starts programs: it is left out where one is missing. In CI it runs and fails, as
 * `npm test` has installed them there.
 *
 * @example test('the metrics pass', needs('promtool'), () => ...)
 * @throws Error where one is not in the list of programs
 */
export function needs(...names: ProgramName[]): TestOptions {
  const missing = names.filter((name) => findProgram(name) === undefined)
  if (missing.length === 0 || !missing.every(mayBeMissing)) return {}
  return { skip: true, meta: { leftOut: missingNote(missing) } }
}

/**
 * Path of a program, in a test that only now knows that it needs one; leaves the test out where it is missing.
 *
 * @throws Error where it is missing in CI, or not in the list of programs
 */
export function programFor(context: TestContext, name: ProgramName): string {
  if (findProgram(name) === undefined && mayBeMissing(name)) context.skip(missingNote([name]))
  return program(name)
}

function mayBeMissing(name: ProgramName): boolean {
  return !isContinuousIntegration(process.env) || !isUsedOn(name, process.platform)
}
