import { version } from '../version.ts'
import type { Layer, LayerFile } from './layers.ts'
import type { Template } from './template.ts'

/** First line of a packed layer. */
interface PackedHeader {
  /** Of the tool: layers of another one would not fit together. */
  version: string
  /** Verbatim files in the order of their bytes: size in bytes, and a hash. */
  files: { path: string; size: number; fingerprint: string }[]
  templates: Record<string, Template>
}

/** File name of a packed layer: `variants/node` is in variants-node.layer. */
export function packedLayerName(layer: string): string {
  return `${layer.replaceAll('/', '-')}.layer`
}

/**
 * Puts a layer into one file: a line of JSON, then the bytes of the verbatim files one after the other, so
 * that reading it decodes nothing and hashes nothing.
 *
 * @param hash `fingerprint` of the record.
 */
export function packLayer(layer: Layer, hash: (bytes: Uint8Array) => string): Uint8Array {
  const header: PackedHeader = { version, files: [], templates: {} }
  const contents: Uint8Array[] = []
  for (const [path, file] of layer.files) {
    if (file instanceof Uint8Array) {
      header.files.push({ path, size: file.length, fingerprint: hash(file) })
      contents.push(file)
    } else {
      header.templates[path] = file
    }
  }
  return Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), ...contents])
}

/**
 * Takes a packed layer apart. The bytes are views of `packed`; their hashes are added to `hashes`.
 *
 * @throws Error when it is cut short or of another version: what is wrong, to be said after its path.
 */
export function unpackLayer(name: string, packed: Buffer, hashes: Map<Uint8Array, string>): Layer {
  const end = packed.indexOf('\n')
  const header: PackedHeader = JSON.parse(packed.toString('utf8', 0, end))
  if (header.version !== version) throw new Error(`is of version ${header.version}`)
  const files = new Map<string, LayerFile>(Object.entries(header.templates))
  let offset = end + 1
  for (const { path, size, fingerprint } of header.files) {
    const bytes = packed.subarray(offset, offset + size)
    offset += size
    files.set(path, bytes)
    hashes.set(bytes, fingerprint)
  }
  if (offset !== packed.length) throw new Error(`has ${packed.length} bytes in place of ${offset}`)
  return { name, files }
}
