import { constants, createBrotliCompress } from 'node:zlib'
import { allLayers, featuresOf, layersFor, packageManagers, templates } from '../src/choices.ts'
import type { Layer } from '../src/compose/layers.ts'
import { type PackedIndex, packLayer } from '../src/compose/packed.ts'
import { version } from '../src/version.ts'

/** Layers in one file, in this order, as src/compose/packed.ts reads it. */
export async function packLayers(layers: readonly Layer[]): Promise<Buffer> {
  const stream = createBrotliCompress({ params: { [constants.BROTLI_PARAM_LGWIN]: 24 } })
  const chunks: Buffer[] = []
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  const index: PackedIndex = { version, layers: [] }
  for (const layer of layers) {
    const bytes = packLayer(layer)
    stream.write(bytes)
    // All that came so far can be read without what comes.
    await new Promise<void>((resolve) => stream.flush(constants.BROTLI_OPERATION_FLUSH, resolve))
    const end = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
    index.layers.push({ name: layer.name, end, size: bytes.length })
  }
  return Buffer.concat([Buffer.from(`${JSON.stringify(index)}\n`), ...chunks])
}

/** The layers of the registry, those first that most templates can have. */
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
