/**
 * Tries created projects against the newest packages that the registries have today: their direct dependencies at the newest of
 * the same major version, and what those bring; Python's packages at the newest that pyproject.toml allows. Tells what broke;
 * exit 1 when anything did.
 *
 *   npm run check:newest                     every template
 *   npm run check:newest -- --major          with new major versions too
 *   npm run check:newest -- --template node
 */

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { execa } from 'execa'
import { z } from 'zod'
import { choose, type TemplateId, templates } from '../src/choices.ts'
import { openTemplates } from '../src/compose/open.ts'
import { planProject } from '../src/steps/plan.ts'
import { ensureEnvironment, obtainUv } from './environment.ts'

const { values: flags } = parseArgs({
  options: { template: { type: 'string' }, major: { type: 'boolean', default: false } },
})

const scripts = ['setup', 'typecheck', 'lint', 'build', 'test']
/** How much of a failed script's output is shown. */
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
  console.error(`There is no template ${flags.template}: ${templates.map(({ value }) => value).join(', ')}`)
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

/** Creates a project, gives it the newest packages, and runs its scripts. @returns how many things broke. */
async function tryTemplate(template: TemplateId, python: string): Promise<number> {
  console.log(`\n${template}`)
  const project = join(folder, template)
  await writeProject(template, project)
  const tested = loosen(project)
  let failures = 0
  const run = async (what: string, program: string, words: readonly string[]): Promise<boolean> => {
    const { exitCode, all } = await execa(program, words, {
      cwd: project,
      // A loglevel of `npm run -s` would hide npm's errors.
      env: { MLX_PYTHON: python, NO_COLOR: '1', npm_config_loglevel: 'notice' },
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

  // Without the cache, which may have documents from before.
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

async function writeProject(template: TemplateId, project: string): Promise<void> {
  const source = await openTemplates(new URL('../', import.meta.url))
  const answers = {
    ...{ name: 'newest', template, model: 'hello', author: 'Ada Lovelace' },
    packageManager: 'npm',
  } as const
  for (const [path, bytes] of await planProject(answers, source, '0.0.0')) {
    mkdirSync(dirname(join(project, path)), { recursive: true })
    writeFileSync(join(project, path), bytes)
  }
}

/** Asks for the newest of each direct dependency. @returns the versions that were named. */
function loosen(project: string): Record<string, string> {
  const path = join(project, 'package.json')
  const manifest = manifestSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
  const tested: Record<string, string> = {}
  for (const versions of [manifest.dependencies, manifest.devDependencies]) {
    // The types of Node follow the oldest Node that a project runs on.
    for (const [name, version] of Object.entries(versions)) {
      // The packages of this repository come from a file, and are what is tried.
      if (version.startsWith('file:')) continue
      tested[name] = version
      versions[name] = flags.major && name !== '@types/node' ? 'latest' : `^${version}`
    }
  }
  writeFileSync(path, `${JSON.stringify(manifest, null, 2)}\n`)
  return tested
}

/** `name from to` of each direct dependency that is installed in another version than the tested one. */
function newerThan(tested: Readonly<Record<string, string>>, project: string): string[] {
  return Object.entries(tested).flatMap(([name, version]) => {
    const path = join(project, 'node_modules', name, 'package.json')
    if (!existsSync(path)) return [`${name} ${version} -> not installed`]
    const installed = installedSchema.parse(JSON.parse(readFileSync(path, 'utf8'))).version
    return installed === version ? [] : [`${name} ${version} -> ${installed}`]
  })
}

/** Optional dependencies that the lock file lacks: the registry doesn't have them, so `npm ci` and Yarn refuse the project. */
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

/** An environment with the newest of Python's packages within the ranges of pyproject.toml. @returns its interpreter. */
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
