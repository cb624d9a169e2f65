import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
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
    const entries = readdirSync(join(directory, name, folder), { withFileTypes: true })
    for (const entry of entries.sort((one, other) => (one.name < other.name ? -1 : 1))) {
      if (leftovers.test(entry.name) || (folder === '' && entry.name.startsWith('+'))) continue
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (entry.isDirectory()) walk(path)
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
 * Returns the versions that the layers are tested with: for each of the devDependencies in templates/package.json, the
 * exact version in package-lock.json.
 */
export function hostVersions(directory: string): Map<string, string> {
  const lock = readJson(join(directory, '..', 'package-lock.json')).packages
  const dependencies = readJson(join(directory, 'package.json')).devDependencies
  if (!isJsonObject(dependencies)) throw new Error('templates/package.json has no devDependencies')
  if (!isJsonObject(lock)) throw new Error('package-lock.json has no packages')
  const host = basename(directory)
  const versions = new Map<string, string>()
  for (const name of Object.keys(dependencies)) {
    const locked = lock[`${host}/node_modules/${name}`] ?? lock[`node_modules/${name}`]
    if (!isJsonObject(locked)) throw new Error(`package-lock.json lacks ${name}: run npm install`)
    // It is a package of this repository.
    if (locked.link === true) continue
    versions.set(name, String(locked.version))
  }
  return versions
}

function readJson(path: string): JsonObject {
  const value: unknown = JSON.parse(readFileSync(path, 'utf8'))
  if (!isJsonObject(value)) throw new Error(`${path} is not an object`)
  return value
}
