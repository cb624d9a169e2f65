/** Reads and sets the version that all packages share. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

const record = z.record(z.string(), z.unknown())
type Manifest = z.infer<typeof record>

const dependencyKeys = ['dependencies', 'devDependencies', 'peerDependencies', 'optionalDependencies']

const lockFile = 'package-lock.json'
const pythonFile = 'packages/engine/python/pyproject.toml'
/** Matches the version in `[project]`, which is the first one in the file. */
const pythonVersion = /^version = "(.*)"$/m

/**
 * Returns all places that contain a version of a package of this repository.
 *
 * @param root the root of the repository.
 * @returns the versions by place, such as `packages/server/package.json peerDependencies mlx-app`.
 */
export function versionsIn(root: string): Map<string, string> {
  const found = new Map<string, string>()
  walk(root, (place, version) => {
    found.set(place, version)
    return version
  })
  return found
}

/** Sets the version of all packages in this repository. @param root the root of the repository. */
export function setVersion(root: string, version: string): void {
  for (const [file, text] of walk(root, () => version)) writeFileSync(join(root, file), text)
}

/** Whether a version is a release candidate, such as 1.2.3-rc.1, which only TestPyPI gets. */
export const isCandidate = (version: string): boolean => /-rc\.\d+$/.test(version)

/** Returns a version in the form that PyPI requires: 1.2.3rc1 for 1.2.3-rc.1. */
export const toPythonVersion = (version: string): string => version.replace('-rc.', 'rc')

type Visit = (place: string, version: string) => string

/** Replaces each version by what the visitor returns. @returns the new texts of the files. */
function walk(root: string, visit: Visit): Map<string, string> {
  const read = (file: string) => readFileSync(join(root, file), 'utf8')
  const folders = ['', ...readdirSync(join(root, 'packages')).map((name) => `packages/${name}`), 'templates']
  const manifests = new Map(
    folders.map((folder) => {
      const file = folder === '' ? 'package.json' : `${folder}/package.json`
      return [file, record.parse(JSON.parse(read(file)))]
    }),
  )
  const names = new Set(
    [...manifests.values()].flatMap(({ name, version }) => (version === undefined ? [] : String(name))),
  )
  const texts = new Map<string, string>()
  for (const [file, manifest] of manifests) texts.set(file, json(withVersions(manifest, file, names, visit)))
  const lock = record.parse(JSON.parse(read(lockFile)))
  const packages = Object.entries(z.record(z.string(), record).parse(lock.packages)).map(([path, locked]) => [
    path,
    folders.includes(path) ? withVersions(locked, `${lockFile} ${path || '.'}`, names, visit) : locked,
  ])
  const own = withVersions({ ...lock, packages: Object.fromEntries(packages) }, lockFile, names, visit)
  texts.set(lockFile, json(own))
  const python = read(pythonFile)
  const [, version] = pythonVersion.exec(python) ?? []
  if (version === undefined) throw new Error(`${pythonFile} has no version`)
  const visited = visit(pythonFile, version.replace(/^([\d.]+)rc(\d+)$/, '$1-rc.$2'))
  texts.set(pythonFile, python.replace(pythonVersion, `version = "${toPythonVersion(visited)}"`))
  return texts
}

/** Returns a manifest with the version of the package and of each named package replaced. Keys keep their order. */
function withVersions(manifest: Manifest, place: string, names: ReadonlySet<string>, visit: Visit): Manifest {
  return Object.fromEntries(
    Object.entries(manifest).map(([key, value]) => {
      if (key === 'version') return [key, visit(place, String(value))]
      if (!dependencyKeys.includes(key)) return [key, value]
      const dependencies = Object.entries(record.parse(value)).map(([name, range]) => [
        name,
        names.has(name) ? visit(`${place} ${key} ${name}`, String(range)) : range,
      ])
      return [key, Object.fromEntries(dependencies)]
    }),
  )
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`
