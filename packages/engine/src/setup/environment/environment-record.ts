import { mkdir, rename, writeFile } from 'node:fs/promises'
import { dirname, isAbsolute, relative } from 'node:path'
import type { EnvironmentRecord, Project } from '../../engine/project/index.ts'

/**
 * Records which Python the engine uses on this machine; `readEnvironmentRecord` reads it. The file is replaced in one
 * step. A path inside the project is stored as a relative one, so that the project can be moved.
 */
export async function writeEnvironmentRecord(project: Project, record: EnvironmentRecord): Promise<void> {
  const folder = dirname(project.environmentFile)
  const fromProject = relative(dirname(folder), record.python)
  const isInside = !fromProject.startsWith('..') && !isAbsolute(fromProject)
  const text = JSON.stringify({ ...record, python: isInside ? fromProject : record.python }, null, 2)
  await mkdir(folder, { recursive: true })
  const temporary = `${project.environmentFile}.${process.pid}`
  await writeFile(temporary, `${text}\n`)
  await rename(temporary, project.environmentFile)
}
