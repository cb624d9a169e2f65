import { createHash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import * as z from 'zod'

/** A key as it is stored: enough to recognise it, but not to use it. */
export interface KeyRecord {
  id: string
  /** The name of its owner, such as `laptop`. It appears in logs and metrics. */
  name: string
  sha256: string
  createdAt: string
}

const nameRule = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/

const fileSchema = z.object({
  keys: z.array(
    z.object({
      id: z.string().regex(/^[0-9a-f]{8}$/),
      name: z.string().regex(nameRule),
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
      createdAt: z.iso.datetime(),
    }),
  ),
})

/** An error that the user can fix. It is printed without a stack, and the exit code is 1. */
export class KeyError extends Error {
  override readonly name = 'KeyError'
}

/**
 * Returns the name of a key if it is valid.
 *
 * @throws KeyError if it cannot be used in logs, metrics and shells as it is.
 */
export function validateKeyName(name: string): string {
  if (nameRule.test(name)) return name
  throw new KeyError(
    `"${name}" is not a valid key name. Use up to 64 letters, digits, dots, dashes, underscores and @.`,
  )
}

/** Creates a random key and the record to store for it. */
export function createKey(name: string): { key: string; record: KeyRecord } {
  const key = `mlx-${randomBytes(32).toString('base64url')}`
  const record = {
    id: randomBytes(4).toString('hex'),
    name: validateKeyName(name),
    sha256: digest(key).toString('hex'),
    createdAt: new Date().toISOString(),
  }
  return { key, record }
}

/**
 * Returns the hash that keys are compared by. Passwords need a slow, salted hash because they are easy to guess. Keys
 * have 256 random bits, and the hash is computed for each request.
 */
export function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest()
}

/**
 * Reads the keys file. A missing file has no keys.
 *
 * @throws KeyError if the file cannot be read or is invalid.
 */
export function readRecords(path: string): KeyRecord[] {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw new KeyError(`Cannot read the keys file: ${path}`, { cause: error })
  }
  try {
    return fileSchema.parse(JSON.parse(text)).keys
  } catch (error) {
    throw new KeyError(`Invalid keys file: ${path}\nFix it, or delete it and create new keys.`, {
      cause: error,
    })
  }
}
