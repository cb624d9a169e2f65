import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'

/** The folder of this package. */
export const root = join(import.meta.dirname, '..', '..')

/** The arguments of Node.js for `mlx-app`. */
export const program = ['--import', 'tsx', join('src', 'command-line.ts')]

/** The arguments of Node.js for `mlx-app models`. */
export const models = [...program, 'models']

const failedSchema = z.object({ code: z.number(), stdout: z.string(), stderr: z.string() })

export interface Outcome {
  code: number
  stdout: string
  stderr: string
}

/** Runs `mlx-app models` without a terminal. */
export function runModels(words: readonly string[], environment: NodeJS.ProcessEnv): Promise<Outcome> {
  return runProgram([...models, ...words], environment)
}

/** Runs Node.js with these arguments, without a terminal. */
export async function runProgram(words: readonly string[], environment: NodeJS.ProcessEnv): Promise<Outcome> {
  try {
    const options = { cwd: root, env: environment }
    const { stdout, stderr } = await promisify(execFile)(process.execPath, words, options)
    return { code: 0, stdout, stderr }
  } catch (error) {
    return failedSchema.parse(error)
  }
}
