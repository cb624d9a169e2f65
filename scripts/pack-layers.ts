import { constants, createBrotliCompress } from 'node:zlib'
import { allLayers, featuresOf, layersFor, packageManagers, templates } from '../src/choices.ts'
import type { Layer } from '../src/compose/layers.ts'
import { type PackedIndex, packLayer } from '../src/compose/packed.ts'
import { version } from '../src/version.ts'

/** Packs layers into one file, in this order, for src/compose/packed.ts. */
export async function packLayers(layers: readonly Layer[]): Promise<Buffer> {
  const stream = createBrotliCompress({ params: { [constants.BROTLI_PARAM_LGWIN]: 24 } })
  const chunks: Buffer[] = []
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  const index: PackedIndex = { version, layers: [] }
  for (const layer of layers) {
    const bytes = packLayer(layer)
    stream.write(bytes)
    // After a flush, everything so far can be read without the rest.
    await new Promise<void>((resolve) => stream.flush(constants.BROTLI_OPERATION_FLUSH, resolve))
    const end = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
    index.layers.push({ name: layer.name, end, size: bytes.length })
  }
  return Buffer.concat([Buffer.from(`${JSON.stringify(index)}\n`), ...chunks])
}

/** Returns the names of all layers, sorted by how many templates can have them. */
export function layersByUse(): string[] {
  return allLayers().sort((one, other) => templatesWith(other) - templatesWith(one))
}

function templatesWith(name: string): number {
  return templates.filter(({ value: template }) => {
    const features = featuresOf(template).map(({ value }) => value)
    return packageManagers.some(({ value: packageManager }) =>
      layersFor({ template, packageManager, features }).includes(name),
    )
  }).length
}
