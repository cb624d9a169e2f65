import type { Layer } from '../src/compose/layers.ts'
import { type PackedIndex, packLayer } from '../src/compose/packed.ts'
import { version } from '../src/version.ts'

/** Packs layers into one file for src/compose/packed.ts. */
export function packLayers(layers: readonly Layer[]): Buffer {
  const packed = layers.map(packLayer)
  const index: PackedIndex = {
    version,
    layers: layers.map(({ name }, number) => ({ name, size: packed[number]?.length ?? 0 })),
  }
  return Buffer.concat([Buffer.from(`${JSON.stringify(index)}\n`), ...packed])
}
