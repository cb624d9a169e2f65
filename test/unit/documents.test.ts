/** The documents of a project name files that it has, or that its packages have. */
import { existsSync } from 'node:fs'
import { posix } from 'node:path'
import { expect, test } from 'vitest'
import { featuresOf, templates } from '../../src/choices.ts'
import { plan } from './plans.ts'

/** What the project makes when it is set up, built or used. */
const made = /(^|\/)(dist|out|dist-ext-python|\.venv|\.mlx|uv\.lock)(\/|$)/

const projects = await Promise.all(
  templates.map(async ({ value: template }) => ({
    template,
    files: await plan({
      template,
      features: featuresOf(template).map(({ value }) => value),
    }),
  })),
)

/** Where packages of this repository have what is `node_modules/NAME/...` in a project. */
const packages = [
  ['node_modules/mlx-app/', '../../packages/engine/'],
  ['node_modules/mlx-app-server/', '../../packages/server/'],
] as const

function isInPackage(path: string): boolean {
  return packages.some(
    ([folder, source]) =>
      path.startsWith(folder) && existsSync(new URL(source + path.slice(folder.length), import.meta.url)),
  )
}
const folderOf = (path: string) => path.split('/')[0] ?? ''
/** Of both templates, so that one that names a file of the other is found. */
const folders = new Set(
  projects.flatMap(({ files }) => [...files.keys()].filter((path) => path.includes('/')).map(folderOf)),
)

test.each(projects)('$template', ({ files }) => {
  const paths = [...files.keys()]
  const isThere = (path: string) =>
    files.has(path) ||
    isInPackage(path) ||
    paths.some((file) => file.startsWith(path.endsWith('/') ? path : `${path}/`))
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
