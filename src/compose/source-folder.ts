import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { CarriedPackage } from '../packages.ts'
import type { Layer, LayerFile, TemplateSource } from './layers.ts'
import { isJsonObject, type JsonObject } from './merge.ts'
import { parseTemplate } from './parse-template.ts'

/** Files that tests and tools leave in the folders of layers. */
const leftovers =
  /^(node_modules|dist|\.mlx|\.venv|uv\.lock|__pycache__|\.(pytest|ruff|mypy)_cache|\.DS_Store|.*\.(pyc|tsbuildinfo|log))$/

/**
 * Returns the layers in templates/. Templates are parsed when they are read.
 *
 * @param carried the packages that projects get as files.
 * @param wheelSha256 the SHA-256 of the wheel of this version, in hex.
 */
export function folderSource(
  directory: string,
  carried: readonly CarriedPackage[],
  wheelSha256: string,
): TemplateSource {
  return {
    read: async (names) => new Map(names.map((name) => [name, readLayer(directory, name)])),
    versions: () => hostVersions(directory),
    carried,
    wheelSha256,
  }
}

/** Reads the files of a layer. The folders `+choice` in it are layers of their own and are left out. */
export function readLayer(directory: string, name: string): Layer {
  const files = new Map<string, LayerFile>()
  const walk = (folder: string): void => {
    for (const entry of readdirSync(join(directory, name, folder)).sort()) {
      if (leftovers.test(entry) || (folder === '' && entry.startsWith('+'))) continue
      const path = folder === '' ? entry : `${folder}/${entry}`
      // A link is a folder of another package, which the layer contains too.
      if (statSync(join(directory, name, path)).isDirectory()) walk(path)
      else addFile(path)
    }
  }
  const addFile = (path: string): void => {
    const bytes = readFileSync(join(directory, name, path))
    if (!path.endsWith('.hbs')) files.set(path, bytes)
    else files.set(path.slice(0, -'.hbs'.length), parseTemplate(bytes.toString('utf8'), `${name}/${path}`))
  }
  walk('')
  return { name, files }
}

/**
 * The folders, relative to the repository, whose package.json lists packages of the layers, and whose lock has their
 * exact versions. Packages that are large or need a newer Node are in the second one, which is not part of the workspace.
 */
const hosts = [
  { folder: 'templates', lock: '.' },
  { folder: 'test/desktop', lock: 'test/desktop' },
]

/**
 * Returns the versions that the layers are tested with: for each of the devDependencies in the package.json of the hosts,
 * the exact version in their lock.
 */
export function hostVersions(directory: string): Map<string, string> {
  const root = join(directory, '..')
  const versions = new Map<string, string>()
  for (const { folder, lock } of hosts) {
    const locked = readJson(join(root, lock, 'package-lock.json')).packages
    const dependencies = readJson(join(root, folder, 'package.json')).devDependencies
    if (!isJsonObject(dependencies)) throw new Error(`${folder}/package.json has no devDependencies`)
    if (!isJsonObject(locked)) throw new Error(`${lock}/package-lock.json has no packages`)
    for (const name of Object.keys(dependencies)) {
      const entry = locked[`${folder}/node_modules/${name}`] ?? locked[`node_modules/${name}`]
      if (!isJsonObject(entry)) throw new Error(`${lock}/package-lock.json lacks ${name}: run npm run locks`)
      // It is a package of this repository.
      if (entry.link === true) continue
      versions.set(name, String(entry.version))
    }
  }
  return versions
}

function readJson(path: string): JsonObject {
  const value: unknown = JSON.parse(readFileSync(path, 'utf8'))
  if (!isJsonObject(value)) throw new Error(`${path} is not an object`)
  return value
}
