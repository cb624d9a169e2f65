import type { CarriedPackage } from '../packages.ts'
import type { Template } from './template.ts'

/** A file of a layer: bytes to copy, or a template to render. */
export type LayerFile = Uint8Array | Template

export interface Layer {
  /** Folder in templates/. */
  name: string
  /** Files by path in the layer, with `/` and without the `.hbs` of templates. */
  files: ReadonlyMap<string, LayerFile>
}

/** A source of layers: the folder templates/, or the file that was packed from it. */
export interface TemplateSource {
  /** Reads layers by name. */
  read(names: readonly string[]): Promise<Map<string, Layer>>
  /** Returns the versions that replace "host" in manifests, by package. */
  versions(): ReadonlyMap<string, string>
  /** The packages that projects get as files; none if they come from the registry. */
  carried: readonly CarriedPackage[]
  /** The SHA-256 of the wheel of this version in hex, for the locks of projects. */
  wheelSha256: string
}

/**
 * Reads the layers of a project.
 *
 * @throws Error if a layer does not exist, which is a bug in the table of choices.
 */
export async function readLayers(source: TemplateSource, names: readonly string[]): Promise<Layer[]> {
  const layers = await source.read(names)
  return names.map((name) => {
    const layer = layers.get(name)
    if (layer === undefined) throw new Error(`There is no layer ${name}`)
    return layer
  })
}
