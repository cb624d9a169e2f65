import { spawnSync } from 'node:child_process'
import { delimiter, join } from 'node:path'
import { isExecutable } from 'mlx-app/setup'
import type { Agent } from './agents.ts'

/** A program and the arguments before its own. */
export interface FoundProgram {
  file: string
  arguments: readonly string[]
}

/**
 * Finds the program of an agent on the PATH, in the packages of the project, and then in npm's cache. It downloads nothing.
 *
 * @param root the folder of the project.
 */
export function findProgram({ program, npmPackage }: Agent, root: string): FoundProgram | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), join(root, 'node_modules', '.bin')]
  const file = folders.map((folder) => join(folder, program)).find(isExecutable)
  if (file !== undefined) return { file, arguments: [] }
  if (npmPackage === undefined) return undefined
  const npx = ['--offline', '--no', '--package', npmPackage, '--', program]
  const { status } = spawnSync('npx', [...npx, '--version'], { stdio: 'ignore', timeout: 30_000 })
  return status === 0 ? { file: 'npx', arguments: npx } : undefined
}
