import { EngineError } from '../../engine/index.ts'
import type { Project } from '../../engine/project/index.ts'
import type { SetupContext } from '../context.ts'
import { describePython, isBroken, type Python } from '../machine/interpreter.ts'
import { throwIfInterrupted } from '../process/child-process.ts'
import { checkMlx, describeMlx } from './mlx-check.ts'
import { warmUp } from './warm-up.ts'

/** An environment that setup has created or updated. */
export interface NewEnvironment {
  /** Path of the interpreter. */
  python: string
  /** The folder as messages show it, relative to the project. */
  folder: string
  /** What to do if it doesn't work. */
  hint: string
}

/**
 * Returns the description of the environment's Python.
 *
 * @throws EngineError MLX_NOT_WORKING if it doesn't run.
 */
export async function verifyPython(
  { python, hint }: NewEnvironment,
  { environment }: SetupContext,
): Promise<Python> {
  const description = await describePython(python, environment)
  if (isBroken(description)) throw notWorking(`${python}: ${description.problem}`, hint)
  return description
}

/**
 * Runs a computation with MLX in the environment.
 *
 * @throws EngineError MLX_NOT_WORKING, ABORTED
 */
export async function verifyMlx(
  { python, folder, hint }: NewEnvironment,
  project: Project,
  { environment, terminal, signal }: SetupContext,
): Promise<void> {
  const report = await checkMlx(python, project.config.device, environment)
  await throwIfInterrupted(signal)
  if ('problem' in report) throw notWorking(`MLX does not work in ${folder}: ${report.problem}`, hint)
  terminal.done(describeMlx(report))
}

/**
 * Imports the packages of the environment once, so that the first start is quick.
 *
 * @throws EngineError MLX_NOT_WORKING, ABORTED
 */
export async function warmUpEnvironment(
  { python, folder, hint }: NewEnvironment,
  project: Project,
  { environment, terminal, signal }: SetupContext,
): Promise<void> {
  const result = await warmUp(python, project, environment)
  await throwIfInterrupted(signal)
  if ('problem' in result) throw notWorking(`mlx-lm does not work in ${folder}: ${result.problem}`, hint)
  const { workerProblem } = result
  if (workerProblem !== undefined) terminal.note(`The worker does not start: ${workerProblem}`)
}

function notWorking(message: string, hint: string): EngineError {
  return new EngineError('MLX_NOT_WORKING', message, { hint })
}
