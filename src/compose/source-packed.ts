import { readFileSync } from 'node:fs'
import { systemErrorCode } from '../errors.ts'
import { DamagedToolError } from './damaged.ts'
import type { TemplateSource } from './layers.ts'
import { unpackLayers } from './packed.ts'

/** Set by scripts/bundle.ts: the versions of the host by package, as JSON. */
declare const CREATE_MLX_APP_VERSIONS: string

/**
 * Layers as scripts/bundle.ts packed them.
 *
 * @param place absolute path of the file that holds them.
 * @throws DamagedToolError when it can't be read.
 */
export function packedSource(place: string): TemplateSource {
  return {
    read: async (names) => {
      try {
        return unpackLayers(readFileSync(place), names)
      } catch (error) {
        throw new DamagedToolError(place, faultOf(error), error)
      }
    },
    versions: () => new Map(JSON.parse(CREATE_MLX_APP_VERSIONS)),
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
