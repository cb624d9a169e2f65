import { existsSync, readFileSync } from 'node:fs'
import type { Layer, TemplateSource } from './layers.ts'
import { packedLayerName, unpackLayer } from './packed.ts'

/** Set by scripts/bundle.ts: the versions of the host by package, as JSON. */
declare const CREATE_MLX_APP_VERSIONS: string

/**
 * Layers as scripts/bundle.ts packed them, one file each.
 *
 * @param directory with a slash at its end.
 */
export function packedSource(directory: string): TemplateSource {
  const hashes = new Map<Uint8Array, string>()
  const read = (name: string): Layer =>
    unpackLayer(name, readPacked(directory + packedLayerName(name)), hashes)
  return {
    read: async (names) => new Map(names.map((name) => [name, read(name)])),
    versions: () => new Map(JSON.parse(CREATE_MLX_APP_VERSIONS)),
    hashes,
  }
}

/** Text is compressed, which npm's gzip does less well; a model is not, which hardly shrinks. */
function readPacked(path: string): Buffer {
  if (!existsSync(`${path}.br`)) return readFileSync(path)
  // Only here: a run that makes no project needs none of it.
  const { brotliDecompressSync } = process.getBuiltinModule('node:zlib')
  // In one go: the default is pieces of 16 KiB.
  return brotliDecompressSync(readFileSync(`${path}.br`), { chunkSize: 2 ** 20 })
}
