/** Puts Python, MLX and the worker into a folder that an app can ship. */
import { EngineError } from '../../engine/index.ts'
import { type Project, scriptCommand } from '../../engine/project/index.ts'
import type { SetupContext } from '../context.ts'
import { childEnvironment } from '../process/child-process.ts'
import { withProcessLock } from '../process/process-lock.ts'
import { buildOutput, type VendorResult } from './build/build-output.ts'
import type { VendorOptions } from './plan/options.ts'
import { planVendor } from './plan/plan.ts'

/**
 * Puts Python, MLX and the worker into the folder `dist-ext-python` of a project, for an app that ships them. If it fails
 * or is interrupted, it leaves the output as it was.
 *
 * @throws EngineError with the reason, and what to do about it.
 */
export async function vendor(
  project: Project,
  options: VendorOptions,
  context: SetupContext,
): Promise<VendorResult> {
  const environment = childEnvironment(context.environment, project)
  const plan = await planVendor(project, options, environment)
  try {
    return await withProcessLock(
      project,
      async () => await buildOutput(project, plan, { ...context, environment }),
      (processId, path) =>
        context.terminal.note(`Waiting for process ${processId}, which sets up this project (${path}).`),
      context.signal,
    )
  } catch (error) {
    if (!context.signal?.aborted) throw error
    throw new EngineError('ABORTED', 'Interrupted. The output is as it was.', {
      hint: `To start again, run: ${scriptCommand('vendor', environment)}`,
    })
  }
}
