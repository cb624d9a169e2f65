/** Projects as the templates of this repository give them, with small files in place of the packages. */
import { fileURLToPath } from 'node:url'
import { type Answers, languageOf, templates as templateChoices } from '../../src/choices.ts'
import type { TemplateSource } from '../../src/compose/layers.ts'
import { folderSource } from '../../src/compose/source-folder.ts'
import { planProject } from '../../src/steps/plan.ts'

const templates = fileURLToPath(new URL('../../templates', import.meta.url))

export const version = '1.2.3'

const wheelSha256 = '0123456789abcdef'.repeat(4)

/** Where a build that carries the packages takes projects from. */
export const vendored: TemplateSource = folderSource(
  templates,
  (
    [
      ['mlx-app', 'mlx-app-1.2.3-0123abcd.tgz'],
      ['mlx-app-server', 'mlx-app-server-1.2.3-4567abcd.tgz'],
      ['wheel', 'mlx_app-1.2.3-py3-none-any.whl'],
    ] as const
  ).map(([name, file]) => ({ name, file, read: () => Buffer.from(`the bytes of ${file}\n`) })),
  wheelSha256,
)

/** Where a release takes them from. */
export const released: TemplateSource = folderSource(templates, [], wheelSha256)

export const answers: Answers = {
  name: 'my-app',
  template: 'node',
  model: 'hello',
  packageManager: 'npm',
  author: 'Ada Lovelace',
}

/** The templates in TypeScript, whose projects have a package.json. */
export const typescriptTemplates = templateChoices.filter(({ language }) => language === 'typescript')

/** Returns complete answers. A Python project has no package manager. */
export function answersWith(changes: Partial<Answers> = {}): Answers {
  const { packageManager, ...others } = { ...answers, ...changes }
  const isPython = languageOf(others.template) === 'python'
  return isPython || packageManager === undefined ? others : { ...others, packageManager }
}

export const plan = (changes: Partial<Answers> = {}, source = vendored): Promise<Map<string, Uint8Array>> =>
  planProject(answersWith(changes), source, version)

export const textOf = (files: ReadonlyMap<string, Uint8Array>, path: string): string =>
  Buffer.from(files.get(path) ?? Buffer.from(`(there is no ${path})`)).toString()
