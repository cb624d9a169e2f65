/** The locks of projects with the template `python`: the versions and hashes that the packages of this repository have. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { folderSource } from '../src/compose/source-folder.ts'
import { planProject } from '../src/steps/plan.ts'
import { version } from '../src/version.ts'
import { constraintsOf, lockText, machines } from './lock-text.ts'

const templates = fileURLToPath(new URL('../templates/', import.meta.url))

/** What resolves a pyproject.toml, and exports what it resolved. */
interface Resolver {
  resolve(pyproject: string): Promise<void>
  exportLock(flags: string[], systems: string[]): Promise<string>
}

export interface ProjectLockOptions {
  /** The locks of the Python package, whose versions projects have too. */
  engineLocks: readonly string[]
  /** The absolute path of the Python package. */
  engine: string
  systems: string[]
  /** Whether the other packages of projects may get newer versions. */
  upgrade: boolean
}

/** The name of the package that a project gets from vendor/ or, in a release, from the index. */
const ownPackage = 'mlx-app'

/** Its entry in a lock. The hash is that of its wheel, so a build of the tool fills it in. */
const ownEntry = [
  '{{#if wheel}}',
  './vendor/{{wheel}} \\',
  '{{/if}}',
  '{{#unless wheel}}',
  `${ownPackage}=={{toolVersion}} \\`,
  '{{/unless}}',
  '    --hash=sha256:{{wheelSha256}}',
  '',
].join('\n')

/** Returns the texts of the locks by their path in templates/. */
export async function projectLocks(
  { resolve, exportLock }: Resolver,
  { engineLocks, engine, systems, upgrade }: ProjectLockOptions,
): Promise<Map<string, string>> {
  const engineVersions = constraintsOf([...engineLocks])
  const known = new Set(engineVersions.map(nameOf))
  const kept = upgrade ? [] : constraintsOf([textOf('python/requirements-dev.lock.hbs')])
  const others = kept.filter(
    (constraint) => !known.has(nameOf(constraint)) && nameOf(constraint) !== ownPackage,
  )
  await resolve(await projectFile([...engineVersions, ...others], engine))

  const lock = async (name: string, flags: string[]): Promise<string> => {
    const hidden = ['--no-annotate', '--no-emit-package', ownPackage]
    const exported = await exportLock([...flags, ...hidden], systems)
    const command = ['uv export', ...flags, '--no-emit-project', '-o', name].join(' ')
    return lockText(`${ownEntry}${exported}`, command, systems)
  }
  const main = await lock('requirements.lock', ['--no-dev', '--extra', 'server'])
  const dev = await lock('requirements-dev.lock', [])
  return new Map([
    ['python/requirements.lock.hbs', main],
    ['python/requirements-dev.lock.hbs', dev],
    ['python/_uv-versions.hbs', versionsForUv(constraintsOf([dev]), systems)],
  ])
}

/** Returns the pyproject.toml of a project that gets the Python package from this repository. */
async function projectFile(constraints: readonly string[], engine: string): Promise<string> {
  const answers = { name: 'my-package', template: 'python', model: 'hello', author: 'Nobody' } as const
  const files = await planProject(answers, folderSource(templates, [], ''), version)
  const text = Buffer.from(files.get('pyproject.toml') ?? []).toString()
  const marked = text.replace(
    /^\[tool\.uv\]$/m,
    (table) => `${table}\nconstraint-dependencies = ${JSON.stringify(constraints)}`,
  )
  if (marked === text) throw new Error('pyproject.toml of the template python has no table [tool.uv]')
  return `${marked}\n[tool.uv.sources]\n${ownPackage} = { path = ${JSON.stringify(engine)} }\n`
}

/**
 * Returns a uv.lock with versions only. uv prefers the versions of a lock that it has to complete, so the first `uv sync` of a
 * project chooses these, from any index.
 */
function versionsForUv(constraints: readonly string[], systems: readonly string[]): string {
  // Without these, uv would resolve for all systems.
  const markers = systems
    .flatMap((system) => (machines[system] ?? []).map((machine) => ({ system, machine })))
    .map(({ system, machine }) => `    "platform_machine == '${machine}' and sys_platform == '${system}'",`)
  const entries = constraints.flatMap((constraint) => {
    const [, name, number, marker] = /^([\w.-]+)==(\S+?)(?: ; (.+))?$/.exec(constraint) ?? []
    if (name === undefined || number === undefined || name === ownPackage) return []
    return [
      '',
      '[[package]]',
      `name = ${JSON.stringify(name)}`,
      `version = ${JSON.stringify(number)}`,
      'source = { registry = "{{packageIndex}}" }',
      ...(marker === undefined ? [] : [`resolution-markers = [${JSON.stringify(marker)}]`]),
    ]
  })
  return [
    '# The versions that the template was tested with. uv sync completes this file: commit it then.',
    'version = 1',
    'requires-python = ">=3.11"',
    'resolution-markers = [',
    ...markers,
    ']',
    'supported-markers = [',
    ...markers,
    ']',
    ...entries,
    '',
  ].join('\n')
}

const nameOf = (constraint: string): string => constraint.split('==')[0] ?? ''

function textOf(path: string): string {
  const file = join(templates, path)
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}
