/** Pure functions that create the text of the Python locks. */

/** The platforms that MLX has wheels for: each `platform_machine` by `sys_platform`. */
export const machines: Record<string, string[]> = { darwin: ['arm64'], linux: ['x86_64', 'aarch64'] }
const titles: Record<string, string> = { darwin: 'macOS', linux: 'Linux' }

/** Matches a line `name==version ; marker \` of a lock. */
const requirementLine = /^([A-Za-z0-9][A-Za-z0-9._-]*(?:\[[^\]]*\])?==[^ ;\\]+)(?: ; (.+?))?( \\)?$/

/**
 * Turns the output of `uv export` into the text of a lock file, with a heading that names the command. Markers are simplified to
 * what differs between the systems of the lock.
 */
export function lockText(exported: string, command: string, systems: string[]): string {
  const lines = exported.split('\n').map((line) => shortenMarker(line, systems))
  const names = systems.map((system) => `${titles[system]} (${machines[system]?.join(', ')})`).join(' and ')
  return `# Exact versions and hashes for ${names}, and for no other. Made from pyproject.toml by:\n# ${command}\n${lines.join('\n').trimEnd()}\n`
}

/** Returns the packages of an export that another one lacks, with their hashes and comments. */
export function packagesOnlyIn(exported: string, other: string): string {
  const there = new Set(blocksOf(other).map((block) => block.split('\n')[0]))
  return blocksOf(exported)
    .filter((block) => !there.has(block.split('\n')[0]))
    .join('\n')
}

/** Splits an export into packages, each with the indented lines that follow it. */
function blocksOf(exported: string): string[] {
  return exported.trimEnd().split(/\n(?=\S)/)
}

function shortenMarker(line: string, systems: string[]): string {
  const match = requirementLine.exec(line)
  const marker = match?.[2]
  if (match === null || marker === undefined) return line
  const shorter = simplifyMarker(marker, systems)
  return `${match[1]}${shorter === '' ? '' : ` ; ${shorter}`}${match[3] ?? ''}`
}

/** Removes the conditions of a marker that are true on all of the systems. */
export function simplifyMarker(marker: string, systems: string[]): string {
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

/** Returns the versions in locks as sorted constraints, with a marker only if a package has two versions. */
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
 * Returns the constraints in pyproject.toml to keep when a pin has changed: all except those for pinned packages
 * (`mlx-lm==0.32.2`) and their parts (`mlx-cpu` and `mlx-metal` for `mlx`).
 */
export function constraintsToKeep(pyproject: string): string[] {
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

/** Replaces the constraint-dependencies in pyproject.toml. */
export function withConstraints(pyproject: string, constraints: string[]): string {
  const list = constraints.map((constraint) => `  ${JSON.stringify(constraint)},\n`).join('')
  return replaceOrThrow(
    pyproject,
    /^constraint-dependencies = \[[^\]]*\]$/m,
    `constraint-dependencies = [${list === '' ? '' : `\n${list}`}]`,
  )
}

/** Returns pyproject.toml for Linux with an NVIDIA GPU. The extra `cuda` of mlx stands for `cuda12`. */
export function withCuda(pyproject: string): string {
  const withoutMac = replaceOrThrow(pyproject, /^ {2}"sys_platform == 'darwin' and .*\n/m, '')
  return replaceOrThrow(withoutMac, /mlx\[cpu\]/, 'mlx[cuda12]')
}

/** Returns a pyproject.toml that only requires uv. */
export function uvProject(requirement = 'uv'): string {
  const environments = Object.entries(machines).flatMap(([system, names]) =>
    names.map((machine) => `sys_platform == '${system}' and platform_machine == '${machine}'`),
  )
  return [
    '[project]',
    'name = "uv-itself"',
    'version = "0"',
    // pip of any supported Python can install uv.
    'requires-python = ">=3.8"',
    `dependencies = [${JSON.stringify(requirement)}]`,
    '[tool.uv]',
    `environments = ${JSON.stringify(environments)}`,
    '',
  ].join('\n')
}

function replaceOrThrow(text: string, pattern: RegExp, replacement: string): string {
  if (!pattern.test(text)) throw new Error(`pyproject.toml has no match for ${pattern}`)
  return text.replace(pattern, () => replacement)
}
