import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemErrorCode } from '../errors.ts'
import { type PackageName, vendorFolder } from '../packages.ts'
import { DamagedToolError } from './damaged.ts'
import type { TemplateSource } from './layers.ts'
import { packedName, unpackLayers } from './packed.ts'

/** Set by scripts/bundle.ts: the versions of the host by package, as JSON. */
declare const CREATE_MLX_APP_VERSIONS: string

/** Set by scripts/bundle.ts: name and file of the packages that lie beside the layers, as JSON; none in a release. */
declare const CREATE_MLX_APP_CARRIED: string

/**
 * Layers as scripts/bundle.ts packed them, and the packages that it put beside them.
 *
 * @param directory absolute path of the folder that holds them.
 * @throws DamagedToolError from `read`, when one can't be read.
 */
export function packedSource(directory: string): TemplateSource {
  const layers = join(directory, packedName)
  const carried: { name: PackageName; file: string }[] = JSON.parse(CREATE_MLX_APP_CARRIED)
  return {
    read: async (names) => readPart(layers, (bytes) => unpackLayers(bytes, names)),
    versions: () => new Map(JSON.parse(CREATE_MLX_APP_VERSIONS)),
    carried: carried.map(({ name, file }) => ({
      name,
      file,
      read: () => readPart(join(directory, vendorFolder, file), (bytes) => bytes),
    })),
  }
}

function readPart<Content>(place: string, use: (bytes: Buffer) => Content): Content {
  try {
    return use(readFileSync(place))
  } catch (error) {
    throw new DamagedToolError(place, faultOf(error), error)
  }
}

function faultOf(error: unknown): string {
  const code = systemErrorCode(error)
  if (code === 'ENOENT') return 'is missing'
  if (code !== undefined && /^E(?!RR_)/.test(code)) return `can't be read (${code})`
  // Half of its text, of which brotli (Z_..., ERR_...) or JSON can make no sense.
  if (code !== undefined || error instanceof SyntaxError) return 'is cut short'
  return error instanceof Error ? error.message : String(error)
}
