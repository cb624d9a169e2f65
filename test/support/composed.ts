/** Projects composed from the sources, without installing anything. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Answers } from '../../src/choices.ts'
import { openTemplates } from '../../src/compose/open.ts'
import { planProject } from '../../src/steps/plan.ts'

const plain: Answers = {
  name: 'my-app',
  template: 'node',
  model: 'hello',
  packageManager: 'npm',
  author: 'Ada Lovelace',
}

/**
 * Writes a project to a folder. Returns its files by path.
 *
 * @param version the version of the tool, which is also that of the packages.
 */
export async function writeComposed(
  folder: string,
  answers: Partial<Answers> = {},
  version = '0.0.0',
): Promise<Map<string, Uint8Array>> {
  const source = await openTemplates(new URL('../../', import.meta.url))
  const files = await planProject({ ...plain, ...answers }, source, version)
  for (const [path, bytes] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), bytes)
  }
  return files
}
