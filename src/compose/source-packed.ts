import { readFileSync } from 'node:fs'
import Handlebars from 'handlebars/runtime'
import { templates, versions } from 'packed-templates'
import { templateHelpers } from './helpers.ts'
import type { Layer, LayerFile, TemplateSource } from './layers.ts'
import { type PackedLayer, packedLayerName } from './packed.ts'

/** Layers as scripts/build.ts packed them: a JSON file each, their templates compiled into this bundle. */
export function packedSource(directory: URL): TemplateSource {
  const handlebars = Handlebars.create()
  handlebars.registerHelper(templateHelpers)
  const readLayer = (name: string): Layer => {
    const packed: PackedLayer = JSON.parse(readFileSync(new URL(packedLayerName(name), directory), 'utf8'))
    const files = new Map<string, LayerFile>()
    for (const [path, text] of Object.entries(packed.text)) files.set(path, Buffer.from(text, 'utf8'))
    for (const [path, text] of Object.entries(packed.base64)) files.set(path, Buffer.from(text, 'base64'))
    for (const [path, specification] of Object.entries(templates[name] ?? {})) {
      const template = handlebars.template(specification)
      files.set(path, (context) => template(context))
    }
    return { name, files }
  }
  return {
    read: async (names) => new Map(names.map((name) => [name, readLayer(name)])),
    versions: () => new Map(Object.entries(versions)),
  }
}
