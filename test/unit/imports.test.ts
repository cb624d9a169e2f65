/**
 * What a project imports, it names in its package.json: in pnpm's node_modules, and after any change of another package, what it
 * does not name is not there.
 */
import { builtinModules } from 'node:module'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { featuresOf } from '../../src/choices.ts'
import { plan, textOf, typescriptTemplates } from './plans.ts'

const manifestSchema = z.object({
  dependencies: z.record(z.string(), z.string()),
  devDependencies: z.record(z.string(), z.string()),
  scripts: z.record(z.string(), z.string()),
})

/** Programs that scripts run, and the package of each that has another name. */
const programs: Record<string, string> = { tsc: 'typescript', biome: '@biomejs/biome' }

/** The package of an import: `a/b` is in `a`, `@a/b/c` in `@a/b`. */
const packageOf = (path: string) =>
  path
    .split('/')
    .slice(0, path.startsWith('@') ? 2 : 1)
    .join('/')

test.each(typescriptTemplates.map(({ value }) => value))(
  'a %s project names every package that it uses',
  async (template) => {
    const features = featuresOf(template).map(({ value }) => value)
    const files = await plan({ template, packageManager: 'pnpm', features })
    const { dependencies, devDependencies, scripts } = manifestSchema.parse(
      JSON.parse(textOf(files, 'package.json')),
    )
    const named = new Set([...Object.keys(dependencies), ...Object.keys(devDependencies)])

    const used = new Map<string, string>()
    for (const path of files.keys()) {
      if (!/\.(ts|tsx|mjs|js)$/.test(path)) continue
      for (const [, from = ''] of textOf(files, path).matchAll(
        /(?:^| )(?:import|from|import\() ?'([\w@./#:-]+)'/gm,
      )) {
        const isOwn = /^[.#]/.test(from) || from.startsWith('node:') || builtinModules.includes(from)
        if (!isOwn) used.set(packageOf(from), path)
      }
    }
    for (const script of Object.values(scripts)) {
      for (const command of script.split(' && ')) {
        const [program = ''] = command.split(' ')
        // One with a path is no package's.
        if (program !== 'node' && !program.includes('/'))
          used.set(programs[program] ?? program, `the script ${script}`)
      }
    }
    expect(used.size).toBeGreaterThan(5)
    const missing = [...used].filter(([name]) => !named.has(name))
    expect(missing).toEqual([])
  },
)
