import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import Handlebars from 'handlebars'
import { templateHelpers } from './helpers.ts'
import type { Layer, LayerFile, TemplateSource } from './layers.ts'
import { isJsonObject } from './merge.ts'

/** What tests and tools leave in the folders of layers; no part of them. */
const leftovers =
  /^(node_modules|\.venv|\.mlx|\.cache|dist|__pycache__|__snapshots__|\.(pytest|ruff|mypy)_cache|\.DS_Store|\.coverage|uv\.lock|.*\.(pyc|tsbuildinfo|tgz|egg-info|log))$/

/** How templates are compiled, here and when they are packed: a missing value is an error, `&` stays `&`. */
export const templateOptions = { strict: true, noEscape: true, knownHelpersOnly: false } as const

/** Layers as they lie in templates/, templates compiled when they are read. */
export function folderSource(directory: string): TemplateSource {
  const handlebars = Handlebars.create()
  handlebars.registerHelper(templateHelpers)
  return {
    read: async (names) =>
      new Map(names.map((name) => [name, readLayer(directory, name, compileWith(handlebars))])),
    versions: () => hostVersions(directory),
    hashes: new Map(),
  }
}

/**
 * Reads a layer's files.
 *
 * @param compile makes a template of the text of a `.hbs` file; a new one is needed where templates are packed.
 */
export function readLayer(
  directory: string,
  name: string,
  compile: (text: string, path: string) => LayerFile,
): Layer {
  const files = new Map<string, LayerFile>()
  const walk = (folder: string): void => {
    const entries = readdirSync(join(directory, name, folder), { withFileTypes: true })
    for (const entry of entries.sort((one, other) => (one.name < other.name ? -1 : 1))) {
      if (leftovers.test(entry.name)) continue
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (entry.isDirectory()) walk(path)
      else addFile(path)
    }
  }
  const addFile = (path: string): void => {
    const bytes = readFileSync(join(directory, name, path))
    if (path.endsWith('.hbs')) files.set(path.slice(0, -'.hbs'.length), compile(bytes.toString('utf8'), path))
    else files.set(path, bytes)
  }
  walk('')
  return { name, files }
}

/** The versions that the layers are checked with: the devDependencies of templates/package.json. */
export function hostVersions(directory: string): Map<string, string> {
  const manifest: unknown = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'))
  const dependencies = isJsonObject(manifest) ? manifest.devDependencies : undefined
  if (!isJsonObject(dependencies)) throw new Error('templates/package.json has no devDependencies')
  return new Map(Object.entries(dependencies).map(([name, version]) => [name, String(version)]))
}

function compileWith(handlebars: typeof Handlebars): (text: string) => LayerFile {
  return (text) => {
    const template = handlebars.compile(text, templateOptions)
    return (context) => template(context)
  }
}
