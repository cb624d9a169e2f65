import { version } from '../version.ts'
import type { Layer, LayerFile } from './layers.ts'
import type { Template } from './template.ts'

/** The file beside the bin that holds all layers. */
export const packedName = 'layers.bin'

/**
 * All layers are one file: a line of JSON, then one stream of brotli, which the layers follow one another in. A layer
 * that comes later is made of words of those before it, and who needs the first ones reads no further.
 */
export interface PackedIndex {
  /** Of the tool: layers of another one would not fit together. */
  version: string
  /** In the order of the stream: where each ends in it, and how many bytes it unpacks to. */
  layers: { name: string; end: number; size: number }[]
}

/** First line of a layer. */
interface LayerHeader {
  /** Verbatim files in the order of their bytes: size in bytes. */
  files: { path: string; size: number }[]
  templates: Record<string, Template>
}

/**
 * Puts a layer into one piece: a line of JSON, then the bytes of the verbatim files one after the other, so
 * that reading it decodes nothing.
 */
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
 * Takes the named layers out of a packed file. The bytes are views of one buffer.
 *
 * @throws Error when it is cut short or of another version: what is wrong, to be said after its path.
 */
export function unpackLayers(
  packed: Buffer,
  names: readonly string[],
  expectedVersion: string = version,
): Map<string, Layer> {
  const start = packed.indexOf('\n') + 1
  const index: PackedIndex = JSON.parse(packed.toString('utf8', 0, start))
  if (index.version !== expectedVersion) throw new Error(`is of version ${index.version}`)
  const count = index.layers.findLastIndex(({ name }) => names.includes(name)) + 1
  const needed = index.layers.slice(0, count)
  const bytes = decompressed(packed.subarray(start, start + (needed.at(-1)?.end ?? 0)), needed)
  const layers = new Map<string, Layer>()
  let offset = 0
  for (const { name, size } of needed) {
    if (names.includes(name)) layers.set(name, unpackLayer(name, bytes.subarray(offset, offset + size)))
    offset += size
  }
  return layers
}

function decompressed(stream: Buffer, layers: PackedIndex['layers']): Buffer {
  // Only here: a run that makes no project needs none of it.
  const { brotliDecompressSync, constants } = process.getBuiltinModule('node:zlib')
  const size = layers.reduce((sum, layer) => sum + layer.size, 0)
  // Flushed, since the stream goes on after them. All in one piece, and room to see that it is the last one.
  const finishFlush = constants.BROTLI_OPERATION_FLUSH
  const bytes = brotliDecompressSync(stream, { chunkSize: Math.max(size + 1, 64), finishFlush })
  if (bytes.length !== size) throw new Error(`has ${bytes.length} bytes in place of ${size}`)
  return bytes
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
