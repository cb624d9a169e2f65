import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type PackageName, vendorFolder } from '../packages.ts'
import { systemErrorCode } from '../system-errors.ts'
import { DamagedToolError } from './damaged.ts'
import type { TemplateSource } from './layers.ts'
import { packedName, unpackLayers } from './packed.ts'

/** Set by scripts/bundle.ts: the versions of the host by package, as JSON. */
declare const CREATE_MLX_APP_VERSIONS: string

/** Set by scripts/bundle.ts: name and file of the packages beside the layers, as JSON. A release has none. */
declare const CREATE_MLX_APP_CARRIED: string

/** Set by scripts/bundle.ts: the SHA-256 of the wheel of this version. */
declare const CREATE_MLX_APP_WHEEL_SHA256: string

/**
 * Returns the layers that scripts/bundle.ts packed, and the packages beside them.
 *
 * @param directory absolute path of their folder.
 * @throws DamagedToolError from `read` if one can't be read.
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
    wheelSha256: CREATE_MLX_APP_WHEEL_SHA256,
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
  if (code !== undefined) return `can't be read (${code})`
  // Its first line, which is JSON, is incomplete.
  if (error instanceof SyntaxError) return 'is incomplete'
  return error instanceof Error ? error.message : String(error)
}
