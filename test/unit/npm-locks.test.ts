/** The npm locks, as they lie here: whole for every system, and such that no npm has anything to add, change or warn of. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { subset } from 'semver'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { lockedFolders, withoutLibc } from '../../scripts/npm-locks.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const read = (folder: string, name: string) => readFileSync(join(root, folder, name), 'utf8')

const names = z.record(z.string(), z.string()).default({})
const entrySchema = z.looseObject({
  link: z.boolean().default(false),
  optional: z.boolean().default(false),
  resolved: z.string().optional(),
  deprecated: z.string().optional(),
  engines: z.looseObject({ node: z.string().default('*') }).default({ node: '*' }),
  optionalDependencies: names,
})
const lockSchema = z.looseObject({ packages: z.record(z.string(), entrySchema) })
const manifestSchema = z.looseObject({ engines: z.object({ node: z.string() }) })

type Packages = z.infer<typeof lockSchema>['packages']

describe.each(lockedFolders)('the npm lock in %s', (folder) => {
  const text = read(folder, 'package-lock.json')
  const { packages } = lockSchema.parse(JSON.parse(text))
  const { engines } = manifestSchema.parse(JSON.parse(read(folder, 'package.json')))

  it('has an entry for each optional package, for every system', () => {
    expect(missingOptional(packages)).toEqual([])
  })

  it('names no registry', () => {
    const resolved = Object.entries(packages).filter(
      ([, entry]) => entry.resolved !== undefined && !entry.link,
    )
    expect(resolved.map(([path]) => path)).toEqual([])
  })

  it('has no package that npm warns about on a supported Node', () => {
    // But for Node 23, which ended in 2025: Vitest has no version for it.
    const supported = engines.node.replace('>=22.12.0', '^22.12.0 || >=24.0.0')
    expect(subset(supported, engines.node)).toBe(true)
    // npm leaves out an optional package that does not fit, and says nothing.
    const warned = Object.entries(packages).filter(([, entry]) => !entry.optional)
    expect(
      warned.filter(([, entry]) => !subset(supported, entry.engines.node)).map(([path]) => path),
    ).toEqual([])
    expect(Object.keys(packages).filter((path) => packages[path]?.deprecated !== undefined)).toEqual([])
  })

  it('has a form that no version of npm changes', () => {
    expect(withoutLibc(text)).toBe(text)
  })
})

it('an optional package is looked for where Node would look', () => {
  const { packages } = lockSchema.parse({
    packages: {
      'node_modules/a': { optionalDependencies: { 'for-linux': '1', 'for-mac': '1' } },
      'node_modules/a/node_modules/b': { optionalDependencies: { 'for-mac': '1' } },
      'node_modules/a/node_modules/for-mac': {},
      'node_modules/for-linux': {},
    },
  })
  expect(missingOptional(packages)).toEqual([])
  delete packages['node_modules/a/node_modules/for-mac']
  expect(missingOptional(packages)).toEqual([
    'for-mac, of node_modules/a',
    'for-mac, of node_modules/a/node_modules/b',
  ])
})

/** What a package of a lock names as optional and the lock has no entry for. */
function missingOptional(packages: Packages): string[] {
  return Object.entries(packages).flatMap(([path, { optionalDependencies }]) =>
    Object.keys(optionalDependencies)
      .filter((name) => !placesOf(name, path).some((place) => place in packages))
      .map((name) => `${name}, of ${path}`),
  )
}

/** Where Node looks for a package: in the folder of the one that needs it, then in each above. */
function placesOf(name: string, path: string): string[] {
  const above = path.split('/node_modules/').map((_, index, parts) => parts.slice(0, index + 1))
  return ['', ...above.map((parts) => parts.join('/node_modules/'))].map((place) =>
    join(place, 'node_modules', name),
  )
}
