import { createHash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import * as z from 'zod'

/** What the file holds of a key: enough to know it again, not enough to use it. */
export interface KeyRecord {
  id: string
  /** Of its owner: `laptop`. Stands in logs and metrics. */
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

/** A mistake that the user can fix: told without a stack, exit code 1. */
export class KeyError extends Error {
  override readonly name = 'KeyError'
}

/** @throws KeyError unless the name can stand in a log, a metric and a shell as it is. */
export function validateKeyName(name: string): string {
  if (nameRule.test(name)) return name
  throw new KeyError(
    `"${name}" is no name for a key: up to 64 letters, digits, dots, dashes, underscores and @.`,
  )
}

/** A key that nobody can guess, and what the file holds of it. */
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
 * What a key is compared by. A slow, salted hash protects passwords, which people choose from few; nobody can try
 * all of 256 random bits, however fast the hash is, and each request pays for it.
 */
export function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest()
}

/**
 * The keys of a file; none where there is no file.
 *
 * @throws KeyError for a file that can't be read or holds something else.
 */
export function readRecords(path: string): KeyRecord[] {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw new KeyError(`The file of the keys can't be read: ${path}`, { cause: error })
  }
  try {
    return fileSchema.parse(JSON.parse(text)).keys
  } catch (error) {
    throw new KeyError(`This is no file of keys: ${path}\nFix it, or delete it and make new keys.`, {
      cause: error,
    })
  }
}
