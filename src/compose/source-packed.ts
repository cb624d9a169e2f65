import { existsSync, readFileSync } from 'node:fs'
import { systemErrorCode } from '../errors.ts'
import { DamagedToolError } from './damaged.ts'
import type { Layer, TemplateSource } from './layers.ts'
import { packedLayerName, unpackLayer } from './packed.ts'

/** Set by scripts/bundle.ts: the versions of the host by package, as JSON. */
declare const CREATE_MLX_APP_VERSIONS: string

/**
 * Layers as scripts/bundle.ts packed them, one file each.
 *
 * @param directory with a slash at its end.
 * @throws DamagedToolError when one is asked for that can't be read.
 */
export function packedSource(directory: string): TemplateSource {
  const hashes = new Map<Uint8Array, string>()
  const read = (name: string): Layer => {
    const place = directory + packedLayerName(name)
    try {
      return unpackLayer(name, readPacked(place), hashes)
    } catch (error) {
      throw new DamagedToolError(place, faultOf(error), error)
    }
  }
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

function faultOf(error: unknown): string {
  const code = systemErrorCode(error)
  if (code === 'ENOENT') return 'is missing'
  if (code !== undefined && /^E(?!RR_)/.test(code)) return `can't be read (${code})`
  // Half of its text, of which brotli (Z_..., ERR_...) or JSON can make no sense.
  if (code !== undefined || error instanceof SyntaxError) return 'is cut short'
  return error instanceof Error ? error.message : String(error)
}
