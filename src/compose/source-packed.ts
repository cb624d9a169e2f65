import { readFileSync } from 'node:fs'
import Handlebars from 'handlebars/runtime'
import { templates, versions } from 'packed-templates'
import { templateHelpers } from './helpers.ts'
import type { Layer, LayerFile, TemplateSource } from './layers.ts'
import { packedLayerName, unpackFiles } from './packed.ts'

/** Layers as scripts/build.ts packed them: a file each, their templates compiled into this bundle. */
export function packedSource(directory: URL): TemplateSource {
  const handlebars = Handlebars.create()
  handlebars.registerHelper(templateHelpers)
  const hashes = new Map<Uint8Array, string>()
  const readLayer = (name: string): Layer => {
    const files = new Map<string, LayerFile>()
    for (const { file, bytes } of unpackFiles(readFileSync(new URL(packedLayerName(name), directory)))) {
      files.set(file.path, bytes)
      hashes.set(bytes, file.sha256)
    }
    for (const [path, specification] of Object.entries(templates[name] ?? {})) {
      const template = handlebars.template(specification)
      files.set(path, (context) => template(context))
    }
    return { name, files }
  }
  return {
    read: async (names) => new Map(names.map((name) => [name, readLayer(name)])),
    versions: () => new Map(Object.entries(versions)),
    hashes,
  }
}
