/** The text of the Python locks, apart from running uv: pure functions. */

/** What MLX has wheels for: `sys_platform` of Python, and each `platform_machine` of it. */
export const machines: Record<string, string[]> = { darwin: ['arm64'], linux: ['x86_64', 'aarch64'] }
const titles: Record<string, string> = { darwin: 'macOS', linux: 'Linux' }

/** A line `name==version ; marker \` of a lock. */
const requirementLine = /^([A-Za-z0-9][A-Za-z0-9._-]*(?:\[[^\]]*\])?==[^ ;\\]+)(?: ; (.+?))?( \\)?$/

/**
 * What uv exported as the text of a lock file: a heading that gives the command, and markers that say no more than
 * what differs between the systems that the lock is for.
 */
export function lockText(exported: string, command: string, systems: string[]): string {
  const lines = exported.split('\n').map((line) => shortenMarker(line, systems))
  const names = systems.map((system) => `${titles[system]} (${machines[system]?.join(', ')})`).join(' and ')
  return `# Exact versions and hashes for ${names}, and for no other. Made from pyproject.toml by:\n# ${command}\n${lines.join('\n').trimEnd()}\n`
}

/** The packages of one export that another one lacks, with their hashes and reasons. */
export function onlyIn(exported: string, other: string): string {
  const there = new Set(blocksOf(other).map((block) => block.split('\n')[0]))
  return blocksOf(exported)
    .filter((block) => !there.has(block.split('\n')[0]))
    .join('\n')
}

/** The packages of an export, each with the indented lines that follow it. */
function blocksOf(exported: string): string[] {
  return exported.trimEnd().split(/\n(?=\S)/)
}

function shortenMarker(line: string, systems: string[]): string {
  const match = requirementLine.exec(line)
  const marker = match?.[2]
  if (match === null || marker === undefined) return line
  const shorter = withoutSystems(marker, systems)
  return `${match[1]}${shorter === '' ? '' : ` ; ${shorter}`}${match[3] ?? ''}`
}

/** A marker without what is true on each of the systems, machines named one by one where all are meant. */
export function withoutSystems(marker: string, systems: string[]): string {
  const rests = new Set<string>()
  const named = new Set<string>()
  for (const alternative of marker.split(' or ')) {
    const atoms = alternative.replace(/^\(|\)$/g, '').split(' and ')
    const system = atomValue(atoms, 'sys_platform')
    const machine = atomValue(atoms, 'platform_machine')
    if (system === undefined || machine === undefined) return marker
    named.add(`${system} ${machine}`)
    rests.add(atoms.filter((atom) => !/^(sys_platform|platform_machine) /.test(atom)).join(' and '))
  }
  const [rest] = rests
  if (rests.size !== 1 || rest === undefined) return marker
  const meant = systems.filter((system) =>
    machines[system]?.every((machine) => named.has(`${system} ${machine}`)),
  )
  if (meant.flatMap((system) => machines[system] ?? []).length !== named.size) return marker
  if (meant.length === systems.length) return rest
  const where = meant.map((system) => `sys_platform == '${system}'`).join(' or ')
  if (rest === '') return where
  return meant.length > 1 ? `(${where}) and ${rest}` : `${where} and ${rest}`
}

function atomValue(atoms: string[], name: string): string | undefined {
  const prefix = `${name} == '`
  return atoms.find((atom) => atom.startsWith(prefix))?.slice(prefix.length, -1)
}

/** The versions of locks as constraints, sorted; with a marker only where a package has two versions. */
export function constraintsOf(locks: string[]): string[] {
  const versions = new Map<string, Map<string, string | undefined>>()
  for (const line of locks.flatMap((lock) => lock.split('\n'))) {
    const [, requirement, marker] = requirementLine.exec(line) ?? []
    if (requirement === undefined) continue
    const name = requirement.slice(0, requirement.indexOf('=='))
    versions.set(name, (versions.get(name) ?? new Map<string, string | undefined>()).set(requirement, marker))
  }
  return [...versions.values()]
    .flatMap((markers) =>
      [...markers].map(([requirement, marker]) =>
        markers.size > 1 && marker !== undefined ? `${requirement} ; ${marker}` : requirement,
      ),
    )
    .sort()
}

/**
 * The constraints of pyproject.toml that hold when a pin of it is changed: all but those for the packages that are
 * pinned (`mlx-lm==0.32.2`) and their parts (`mlx` has `mlx-cpu` and `mlx-metal`).
 */
export function heldConstraints(pyproject: string): string[] {
  const list = /^constraint-dependencies = \[([^\]]*)\]$/m.exec(pyproject)
  const [, dependencies = ''] = /^dependencies = \[\n(.*?)^\]$/ms.exec(pyproject) ?? []
  const [, extras = ''] = /^\[project\.optional-dependencies\]\n(.*?)^\[/ms.exec(pyproject) ?? []
  const pinned = [...`${dependencies}${extras}`.matchAll(/"([\w.-]+)(?:\[[\w,-]+\])?==/g)].map(
    ([, name]) => name,
  )
  return [...(list?.[1] ?? '').matchAll(/"([^"]+)"/g)]
    .map(([, constraint]) => constraint ?? '')
    .filter((constraint) => {
      const name = constraint.split('==')[0] ?? ''
      return !pinned.some((other) => name === other || name.startsWith(`${other}-`))
    })
}

/** pyproject.toml with other constraint-dependencies. */
export function withConstraints(pyproject: string, constraints: string[]): string {
  const list = constraints.map((constraint) => `  ${JSON.stringify(constraint)},\n`).join('')
  return replaced(
    pyproject,
    /^constraint-dependencies = \[[^\]]*\]$/m,
    `constraint-dependencies = [${list === '' ? '' : `\n${list}`}]`,
  )
}

/** pyproject.toml for Linux with an NVIDIA GPU. `cuda12` is what mlx itself means by its extra `cuda`. */
export function withCuda(pyproject: string): string {
  const withoutMac = replaced(pyproject, /^ {2}"sys_platform == 'darwin' and .*\n/m, '')
  return replaced(withoutMac, /mlx\[cpu\]/, 'mlx[cuda12]')
}

/** A pyproject.toml that asks for nothing but uv. */
export function uvProject(requirement = 'uv'): string {
  const environments = Object.entries(machines).flatMap(([system, names]) =>
    names.map((machine) => `sys_platform == '${system}' and platform_machine == '${machine}'`),
  )
  return [
    '[project]',
    'name = "uv-itself"',
    'version = "0"',
    // Whatever Python there is, may its pip fetch uv.
    'requires-python = ">=3.8"',
    `dependencies = [${JSON.stringify(requirement)}]`,
    '[tool.uv]',
    `environments = ${JSON.stringify(environments)}`,
    '',
  ].join('\n')
}

function replaced(text: string, pattern: RegExp, replacement: string): string {
  if (!pattern.test(text)) throw new Error(`pyproject.toml: ${pattern} is not there`)
  return text.replace(pattern, () => replacement)
}
