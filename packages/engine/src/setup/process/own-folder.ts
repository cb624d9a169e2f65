import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Project } from '../../engine/project/index.ts'

/**
 * Creates the folder `.mlx` of a project, and returns its path. It belongs to one machine, so git ignores it even if the
 * project's .gitignore doesn't.
 */
export function makeOwnFolder({ environmentFile }: Pick<Project, 'environmentFile'>): string {
  const folder = dirname(environmentFile)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, '.gitignore'), '*\n')
  return folder
}
