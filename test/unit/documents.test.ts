/** The documents of a project name files that it has. */
import { posix } from 'node:path'
import { expect, test } from 'vitest'
import type { Answers } from '../../src/choices.ts'
import { openTemplates } from '../../src/compose/open.ts'
import { planProject } from '../../src/steps/plan.ts'

const templates = await openTemplates(new URL('../../', import.meta.url))

const node: Answers = {
  name: 'my-app',
  template: 'node',
  model: 'hello',
  packageManager: 'npm',
  author: 'Ada Lovelace',
  features: ['ci'],
}
const server: Answers = { ...node, template: 'server', features: ['ci', 'docker'] }

/** What the project makes when it is set up, built or used. */
const made = /(^|\/)(dist|\.venv|\.mlx)(\/|$)/

const projects = await Promise.all(
  [node, server].map(async (answers) => ({
    template: answers.template,
    files: await planProject(answers, templates, '0.0.0'),
  })),
)
const folderOf = (path: string) => path.split('/')[0] ?? ''
/** Of both templates, so that one that names a file of the other is found. */
const folders = new Set(
  projects.flatMap(({ files }) => [...files.keys()].filter((path) => path.includes('/')).map(folderOf)),
)

test.each(projects)('$template', ({ files }) => {
  const paths = [...files.keys()]
  const isThere = (path: string) =>
    files.has(path) || paths.some((file) => file.startsWith(path.endsWith('/') ? path : `${path}/`))
  let seen = 0
  for (const [document, content] of files) {
    if (!/^(docs\/)?[^/]+\.md$/.test(document)) continue
    const text = Buffer.from(content).toString()
    const links = Array.from(text.matchAll(/\]\((?!https?:)([^)#]+)/g), ([, path = '']) =>
      posix.join(posix.dirname(document), path),
    )
    const named = Array.from(text.matchAll(/`([\w./-]+\/[\w./-]*)`/g), ([, path = '']) => path).filter(
      (path) => folders.has(folderOf(path)) && !made.test(path),
    )
    const missing = [...links, ...named].filter((path) => !isThere(path))
    expect({ document, missing }).toEqual({ document, missing: [] })
    seen += links.length + named.length
  }
  expect(seen).toBeGreaterThan(10)
})
