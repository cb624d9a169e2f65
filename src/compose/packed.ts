import { version } from '../version.ts'
import type { Layer, LayerFile } from './layers.ts'
import type { Template } from './template.ts'

/** The name of the file beside the bin that has all layers. */
export const packedName = 'layers.bin'

/**
 * The first line of the packed file, as JSON. One brotli stream of all layers follows. A later layer compresses well
 * because it repeats words of those before it, and a run reads only as far as it needs.
 */
export interface PackedIndex {
  /** The tool's version. Layers of another version would not fit together. */
  version: string
  /** The layers in the order of the stream: where each ends in it, and its unpacked size. */
  layers: { name: string; end: number; size: number }[]
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
  // Loaded here, because a run that creates no project does not need it.
  const { brotliDecompressSync, constants } = process.getBuiltinModule('node:zlib')
  const size = layers.reduce((sum, layer) => sum + layer.size, 0)
  // Flush, because the stream continues. The chunk holds everything, and one byte more to detect excess data.
  const finishFlush = constants.BROTLI_OPERATION_FLUSH
  const bytes = brotliDecompressSync(stream, { chunkSize: Math.max(size + 1, 64), finishFlush })
  if (bytes.length !== size) throw new Error(`has ${bytes.length} bytes instead of ${size}`)
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
