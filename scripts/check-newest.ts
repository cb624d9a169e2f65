/**
 * Checks created projects with the newest packages in the registries: direct dependencies in the newest version with the same
 * major version, and Python packages in the newest version that pyproject.toml allows. Exits with 1 if anything broke.
 *
 *   npm run check:newest                       all templates
 *   npm run check:newest -- --major            includes new major versions
 *   npm run check:newest -- --template node    one template
 */

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { parseArgs } from 'node:util'
import { execa } from 'execa'
import { z } from 'zod'
import { choose, type TemplateId, templateOf, templates } from '../src/choices.ts'
import { oldNodeReason } from '../src/machine/machine.ts'
import { writeComposed } from '../test/support/composed.ts'
import { nodeFolder } from '../test/support/node-binaries.ts'
import { ensureEnvironment, obtainUv } from './environment.ts'

const { values: flags } = parseArgs({
  options: { template: { type: 'string' }, major: { type: 'boolean', default: false } },
})

const scripts = ['setup', 'typecheck', 'lint', 'build', 'test']
/** The number of lines that are shown of a failed script. */
const shownLines = 15

const versionsSchema = z.record(z.string(), z.string()).default({})
const manifestSchema = z.looseObject({ dependencies: versionsSchema, devDependencies: versionsSchema })
const installedSchema = z.object({ version: z.string() })
const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.looseObject({ optionalDependencies: versionsSchema, version: z.string().optional() }),
  ),
})

const chosen = choose(templates, flags.template)
if (flags.template !== undefined && chosen === undefined) {
  console.error(
    `Unknown template ${flags.template}. Available: ${templates.map(({ value }) => value).join(', ')}`,
  )
  process.exit(2)
}

const folder = mkdtempSync(join(tmpdir(), 'create-mlx-app-newest-'))
let broke = 0
try {
  const python = await newestPython()
  for (const { value } of templates) {
    if (chosen === undefined || chosen === value) broke += await tryTemplate(value, python)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
console.log(broke === 0 ? '\nNothing broke.' : `\n${broke} broke.`)
if (broke > 0) process.exitCode = 1

/** Creates a project, installs the newest packages, and runs its scripts. @returns how many things broke. */
async function tryTemplate(template: TemplateId, python: string): Promise<number> {
  console.log(`\n${template}`)
  const project = join(folder, template)
  await writeComposed(project, { name: 'newest', template })
  const tested = loosen(project)
  const isOld =
    oldNodeReason({ nodeVersion: process.versions.node }, templateOf(template).oldestNode) !== undefined
  const node = isOld ? { PATH: [await nodeFolder('24'), process.env.PATH].join(delimiter) } : {}
  let failures = 0
  const run = async (what: string, program: string, words: readonly string[]): Promise<boolean> => {
    const { exitCode, all } = await execa(program, words, {
      cwd: project,
      // With the log level of `npm run -s`, npm's errors would be hidden.
      env: { ...node, MLX_PYTHON: python, NO_COLOR: '1', npm_config_loglevel: 'notice' },
      reject: false,
      all: true,
    })
    if (exitCode === 0) {
      console.log(`  ${what}: passes`)
      return true
    }
    failures++
    console.log(`  ${what}: FAILS (exit ${exitCode})`)
    const lines = all.split('\n').filter((line) => line.trim() !== '')
    for (const line of lines.slice(0, shownLines)) console.log(`      ${line}`)
    return false
  }

  // Bypasses the cache, which may have outdated metadata.
  const installs = await run('npm install', 'npm', ['install', '--prefer-online', '--no-audit', '--no-fund'])
  const newer = installs ? newerThan(tested, project) : []
  for (const line of newer) console.log(`  newer: ${line}`)
  if (!installs) return failures
  for (const line of missingOptional(project)) {
    failures++
    console.log(`  missing: ${line}`)
  }
  await run('npm ci', 'npm', ['ci', '--dry-run', '--no-audit', '--no-fund'])
  for (const script of scripts) await run(`npm run ${script}`, 'npm', ['run', script])
  if (failures > 0 && newer.length > 0) console.log(`  Newer than tested: ${newer.join(', ')}`)
  return failures
}

/** Changes the version of each direct dependency to the newest one. @returns the previous versions. */
function loosen(project: string): Record<string, string> {
  const path = join(project, 'package.json')
  const manifest = manifestSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
  const tested: Record<string, string> = {}
  for (const versions of [manifest.dependencies, manifest.devDependencies]) {
    for (const [name, version] of Object.entries(versions)) {
      // The packages of this repository are installed from files.
      if (version.startsWith('file:')) continue
      tested[name] = version
      // The types of Node match the oldest Node that a project supports.
      versions[name] = flags.major && name !== '@types/node' ? 'latest' : `^${version}`
    }
  }
  writeFileSync(path, `${JSON.stringify(manifest, null, 2)}\n`)
  return tested
}

/** Returns a line for each direct dependency whose installed version is not the tested one. */
function newerThan(tested: Readonly<Record<string, string>>, project: string): string[] {
  return Object.entries(tested).flatMap(([name, version]) => {
    const path = join(project, 'node_modules', name, 'package.json')
    if (!existsSync(path)) return [`${name} ${version} -> not installed`]
    const installed = installedSchema.parse(JSON.parse(readFileSync(path, 'utf8'))).version
    return installed === version ? [] : [`${name} ${version} -> ${installed}`]
  })
}

/** Returns the optional dependencies that the registry lacks. Because of them, `npm ci` and Yarn reject the project. */
function missingOptional(project: string): string[] {
  const { packages } = lockSchema.parse(JSON.parse(readFileSync(join(project, 'package-lock.json'), 'utf8')))
  const names = new Set(Object.keys(packages).map((path) => path.replace(/^.*node_modules\//, '')))
  return Object.entries(packages).flatMap(([path, { version, optionalDependencies }]) =>
    Object.entries(optionalDependencies)
      .filter(([name]) => !names.has(name))
      .map(([name, range]) => {
        const dependent = path.replace(/^.*node_modules\//, '')
        return `${name} ${range}, an optional dependency of ${dependent} ${version}, is not in the registry`
      }),
  )
}

/** Creates an environment with the newest Python packages that pyproject.toml allows. @returns its interpreter. */
async function newestPython(): Promise<string> {
  const [uv, base] = [await obtainUv(), await ensureEnvironment()]
  const place = join(folder, 'python')
  const project = new URL('../packages/engine/python/', import.meta.url).pathname
  await execa(uv, ['venv', '--quiet', '--no-project', '--python', base, place])
  const python = join(place, 'bin', 'python')
  const frozen = async () => (await execa(uv, ['pip', 'freeze', '--python', python])).stdout.split('\n')
  const install = ['pip', 'install', '--quiet', '--upgrade', '--no-config', '--python', python]
  await execa(uv, [...install, '-r', join(project, 'pyproject.toml')])
  const lock = readFileSync(join(project, 'requirements.lock'), 'utf8')
  const newer = (await frozen()).filter((line) => !lock.includes(`${line} `))
  console.log(
    `Python: ${newer.length === 0 ? 'the locked versions are the newest' : `newer: ${newer.join(', ')}`}`,
  )
  return python
}
