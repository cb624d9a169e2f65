/** Runs the output, as an app does. */
import { z } from 'zod'
import { createEngine, EngineError } from '../../../engine/index.ts'
import type { Project } from '../../../engine/project/index.ts'
import { type ProcessOptions, runForOutput, throwIfInterrupted } from '../../process/child-process.ts'

const stackSchema = z.object({ device: z.string(), generated: z.string() })

/**
 * Runs the launcher's check of all packages. It also leaves a file behind that makes later starts quicker.
 *
 * @throws EngineError MLX_NOT_WORKING, ABORTED
 */
export async function checkStack(
  python: string,
  site: string,
  { environment: inherited, signal }: ProcessOptions,
): Promise<{ device: string }> {
  const { PYTHONDONTWRITEBYTECODE: _, PYTHONHOME: __, ...environment } = inherited
  const isolated = { ...environment, PYTHONPATH: site, PYTHONNOUSERSITE: '1', PYTHONSAFEPATH: '1' }
  const command = ['-m', 'mlx_app.launcher', '--check-mlx-stack']
  const result = await runForOutput(python, command, isolated, 300_000, signal)
  await throwIfInterrupted(signal)
  if ('problem' in result) {
    throw new EngineError('MLX_NOT_WORKING', `The packages do not work: ${result.problem}`)
  }
  return stackSchema.parse(JSON.parse(result.output))
}

/**
 * Starts an engine on the output and generates text with the hello model.
 *
 * @returns the text.
 * @throws EngineError
 */
export async function generateWith(
  python: string,
  site: string,
  project: Project,
  signal: AbortSignal | undefined,
): Promise<string> {
  await using engine = await createEngine({
    project: project.root,
    python,
    site,
    ...(signal !== undefined && { signal }),
  })
  const { text } = await engine.complete({
    model: 'hello',
    messages: [{ role: 'user', content: 'Say hello.' }],
    maxTokens: 50,
  })
  if (text.trim() === '') {
    throw new EngineError('MLX_NOT_WORKING', `The engine generated nothing with the packages in ${site}.`)
  }
  return text
}
