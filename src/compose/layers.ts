import type { CarriedPackage } from '../packages.ts'
import type { Template } from './template.ts'

/** A file of a layer: its bytes as they are, or a template that gives its text. */
export type LayerFile = Uint8Array | Template

export interface Layer {
  /** Folder below templates/. */
  name: string
  /** Path inside the layer, with `/`, without the `.hbs` of templates. */
  files: ReadonlyMap<string, LayerFile>
}

/** Where layers come from: the folder templates/, or what was packed from it. */
export interface TemplateSource {
  /** Reads the layers that are asked for. */
  read(names: readonly string[]): Promise<Map<string, Layer>>
  /** Versions that take the place of "host" in manifests, by package. */
  versions(): ReadonlyMap<string, string>
  /** The packages that projects get as files; none where they get them from the registry. */
  carried: readonly CarriedPackage[]
}

/**
 * Reads the layers of a project.
 *
 * @throws Error when a layer does not exist: a fault of the registry, not of the user.
 */
export async function readLayers(source: TemplateSource, names: readonly string[]): Promise<Layer[]> {
  const layers = await source.read(names)
  return names.map((name) => {
    const layer = layers.get(name)
    if (layer === undefined) throw new Error(`There is no layer ${name}`)
    return layer
  })
}
