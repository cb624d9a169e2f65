import { brotliCompressSync } from 'node:zlib'
import type { Layer } from '../src/compose/layers.ts'
import { type PackedIndex, packLayer } from '../src/compose/packed.ts'
import { version } from '../src/version.ts'

/**
 * Layers from this size on are compressed. Brotli makes them a sixth smaller than npm's gzip does. For smaller ones,
 * loading node:zlib would take longer than reading them, a tenth of a run.
 */
const compressedFromBytes = 80_000

/** Packs layers into one file for src/compose/packed.ts. */
export function packLayers(layers: readonly Layer[]): Buffer {
  const index: PackedIndex = { version, layers: [] }
  const contents: Uint8Array[] = []
  for (const layer of layers) {
    const bytes = packLayer(layer)
    const isCompressed = bytes.length >= compressedFromBytes
    const packed = isCompressed ? brotliCompressSync(bytes) : bytes
    index.layers.push({ name: layer.name, size: packed.length, ...(isCompressed && { isCompressed }) })
    contents.push(packed)
  }
  return Buffer.concat([Buffer.from(`${JSON.stringify(index)}\n`), ...contents])
}
