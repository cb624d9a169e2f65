/** Skips tests whose programs are missing, except in CI. */
import type { TestContext, TestOptions } from 'vitest'
import { isContinuousIntegration } from '../../../src/machine/automation.ts'
import { findProgram, isUsedOn, missingNote, program } from './find.ts'
import type { ProgramName } from './list.ts'

declare module 'vitest' {
  interface TaskMeta {
    /** Why a test was skipped before it started. */
    skipReason?: string
  }
}

/**
 * Returns the options of a test or suite that needs programs. It is skipped if one is missing. In CI it fails instead, because
 * `npm test` installs them there.
 *
 * @example test('the metrics pass', needs('promtool'), () => ...)
 * @throws Error if a program is not listed
 */
export function needs(...names: ProgramName[]): TestOptions {
  const missing = names.filter((name) => findProgram(name) === undefined)
  if (missing.length === 0 || !missing.every(mayBeMissing)) return {}
  return { skip: true, meta: { skipReason: missingNote(missing) } }
}

/**
 * Returns the path of a program, or skips the running test if it is missing.
 *
 * @throws Error if the program is missing in CI, or not listed
 */
export function programFor(context: TestContext, name: ProgramName): string {
  if (findProgram(name) === undefined && mayBeMissing(name)) context.skip(missingNote([name]))
  return program(name)
}

function mayBeMissing(name: ProgramName): boolean {
  return !isContinuousIntegration(process.env) || !isUsedOn(name, process.platform)
}
