import * as z from 'zod'
import { release } from '../../release.ts'
import type { EngineError } from '../errors.ts'
import { protocolVersion } from '../protocol.ts'
import { withHint } from './hints.ts'

/** The part of the first event that every version of the worker sends. It may have more fields. */
const readySchema = z.looseObject({
  type: z.literal('ready'),
  protocol: z.int(),
  mlxApp: z.string().nullish(),
})

/** The versions of one half of the package. The version of the package is undefined in the repository. */
export interface HalfVersions {
  protocol: number
  mlxApp: string | undefined
}

const ownVersions: HalfVersions = { protocol: protocolVersion, mlxApp: release?.version }

/**
 * Returns the error PROTOCOL_MISMATCH if a value is the first event of a worker of another version.
 *
 * @param python the interpreter of the worker, for the message.
 */
export function findVersionMismatch(
  value: unknown,
  python: string,
  own: HalfVersions = ownVersions,
): EngineError | undefined {
  const { success, data } = readySchema.safeParse(value)
  if (!success) return undefined
  const worker: HalfVersions = { protocol: data.protocol, mlxApp: data.mlxApp ?? undefined }
  const sameVersion = worker.mlxApp === undefined || own.mlxApp === undefined || worker.mlxApp === own.mlxApp
  if (worker.protocol === own.protocol && sameVersion) return undefined
  return withHint(
    'PROTOCOL_MISMATCH',
    `The Python package mlx-app and the npm package mlx-app must have the same version. ${python} has ${describe(worker)}, and the npm package is ${describe(own)}.`,
  )
}

function describe({ mlxApp, protocol }: HalfVersions): string {
  return mlxApp === undefined ? `protocol ${protocol}` : `${mlxApp} (protocol ${protocol})`
}
