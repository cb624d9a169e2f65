import { timingSafeEqual } from 'node:crypto'
import { statSync } from 'node:fs'
import { isLoopback } from '../http/loopback.ts'
import { keysCommand } from '../program-commands.ts'
import { createKey, digest, KeyError, readRecords } from './records.ts'
import { updateRecords } from './update-records.ts'

interface LoadedKey {
  name: string
  digest: Buffer
}

/**
 * The API keys of a running server. Changes to the file apply to the next request, so a revoked key is rejected at
 * once.
 */
export class KeyFile {
  readonly path: string
  #loadedKeys: readonly LoadedKey[] = []
  #version: string | undefined
  #required = false

  constructor(path: string) {
    this.path = path
  }

  /**
   * Whether requests need a key. It stays true once the file has contained a key: revoking the last key, deleting
   * the file or breaking it never opens the server.
   */
  get required(): boolean {
    try {
      this.#refresh()
    } catch {
      // `findName` reports the error for each request.
      return true
    }
    return this.#required
  }

  /**
   * Returns the name of a key, or undefined if the key is unknown. It compares with every key in constant time, so
   * that the duration reveals nothing about the keys.
   *
   * @throws KeyError if the file cannot be read.
   */
  findName(key: string): string | undefined {
    this.#refresh()
    const seen = digest(key)
    let found: string | undefined
    for (const { name, digest } of this.#loadedKeys) if (timingSafeEqual(digest, seen)) found = name
    return found
  }

  /**
   * Creates a key with a name, which replaces the key that had the name. Returns it: the file only has its hash.
   *
   * @throws KeyError for an invalid name, or if the file is invalid.
   */
  async renew(name: string): Promise<string> {
    const { key, record } = createKey(name)
    await updateRecords(this.path, (records) => [...records.filter((other) => other.name !== name), record])
    return key
  }

  /**
   * Checks that a server that listens on `host` has a key if other machines can reach it.
   *
   * @throws KeyError if there is none, or if the file cannot be read.
   */
  requireKeyFor(host: string): void {
    this.#refresh()
    if (this.#required || isLoopback(host)) return
    throw new KeyError(`Other machines can reach HOST=${host}, so the server needs a key.
Create one, which is shown only once:

  ${keysCommand('create --name laptop')}

or listen on this machine only: HOST=127.0.0.1`)
  }

  /** Reads the file again if it changed. A synchronous `stat` takes microseconds, less than an asynchronous one. */
  #refresh(): void {
    const state = statSync(this.path, { bigint: true, throwIfNoEntry: false })
    const version = state && `${state.ino} ${state.size} ${state.mtimeNs} ${state.ctimeNs}`
    if (version === this.#version) return
    this.#loadedKeys = readRecords(this.path).map(({ name, sha256 }) => ({
      name,
      digest: Buffer.from(sha256, 'hex'),
    }))
    if (this.#loadedKeys.length > 0) this.#required = true
    this.#version = version
  }
}
