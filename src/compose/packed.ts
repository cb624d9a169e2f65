import { version } from '../version.ts'
import type { Layer, LayerFile } from './layers.ts'
import type { Template } from './template.ts'

/** The name of the file beside the bin that has all layers. */
export const packedName = 'layers.bin'

/** The first line of the packed file, as JSON. The layers follow, one after the other. */
export interface PackedIndex {
  /** The tool's version. Layers of another version would not fit together. */
  version: string
  /** The layers in the order of the file, with their sizes in bytes. */
  layers: PackedLayer[]
}

export interface PackedLayer {
  name: string
  size: number
  /** Whether its bytes are compressed, with Brotli. */
  isCompressed?: true
}

/** The first line of a layer. */
interface LayerHeader {
  /** The files to copy, in the order of their bytes, with their sizes. */
  files: { path: string; size: number }[]
  templates: Record<string, Template>
}

/** Packs a layer: a line of JSON, then the bytes of the files to copy, so that reading it decodes nothing. */
export function packLayer(layer: Layer): Uint8Array {
  const header: LayerHeader = { files: [], templates: {} }
  const contents: Uint8Array[] = []
  for (const [path, file] of layer.files) {
    if (file instanceof Uint8Array) {
      header.files.push({ path, size: file.length })
      contents.push(file)
    } else {
      header.templates[path] = file
    }
  }
  return Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), ...contents])
}

/**
 * Unpacks layers from a packed file. Their bytes are views of one buffer.
 *
 * @throws Error if the file is incomplete or has another version. The message is the end of a sentence that begins with
 * the file's path.
 */
export function unpackLayers(
  packed: Buffer,
  names: readonly string[],
  expectedVersion: string = version,
): Map<string, Layer> {
  const start = packed.indexOf('\n') + 1
  const index: PackedIndex = JSON.parse(packed.toString('utf8', 0, start))
  if (index.version !== expectedVersion) throw new Error(`has version ${index.version}`)
  const end = index.layers.reduce((sum, { size }) => sum + size, start)
  if (packed.length !== end) throw new Error(`has ${packed.length} bytes instead of ${end}`)
  const layers = new Map<string, Layer>()
  let offset = start
  for (const { name, size, isCompressed = false } of index.layers) {
    const bytes = packed.subarray(offset, offset + size)
    if (names.includes(name)) layers.set(name, unpackLayer(name, isCompressed ? decompress(bytes) : bytes))
    offset += size
  }
  return layers
}

function decompress(bytes: Buffer): Buffer {
  return process.getBuiltinModule('node:zlib').brotliDecompressSync(bytes)
}

function unpackLayer(name: string, packed: Buffer): Layer {
  const end = packed.indexOf('\n')
  const header: LayerHeader = JSON.parse(packed.toString('utf8', 0, end))
  const files = new Map<string, LayerFile>(Object.entries(header.templates))
  let offset = end + 1
  for (const { path, size } of header.files) {
    files.set(path, packed.subarray(offset, offset + size))
    offset += size
  }
  return { name, files }
}
