import { timingSafeEqual } from 'node:crypto'
import { statSync } from 'node:fs'
import { isLoopback } from '../http/loopback.ts'
import { keysCommand } from '../program-commands.ts'
import { digest, KeyError, readRecords } from './records.ts'

interface LoadedKey {
  name: string
  digest: Buffer
}

/**
 * The keys of a running server, as they are in their file now: a key that was revoked is refused from the next
 * request on.
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
   * True once the file has held a key. It stays so: to revoke the last key, to delete the file or to break it
   * refuses everyone, and opens the server to nobody.
   */
  get required(): boolean {
    try {
      this.#refresh()
    } catch {
      // `find` tells it, to whoever asks with a key.
      return true
    }
    return this.#required
  }

  /**
   * The name of a key that a client showed. All of them are compared, in constant time, so that the time says
   * nothing on how much of a key is right.
   *
   * @throws KeyError while the file can't be read.
   */
  findName(shown: string): string | undefined {
    this.#refresh()
    const seen = digest(shown)
    let found: string | undefined
    for (const { name, digest } of this.#loadedKeys) if (timingSafeEqual(digest, seen)) found = name
    return found
  }

  /**
   * @throws KeyError where a server on this address would answer others without a key, or the file can't be read.
   */
  requireKeyFor(host: string): void {
    this.#refresh()
    if (this.#required || isLoopback(host)) return
    throw new KeyError(`Without a key the server answers this machine alone, and ${host} can be reached from others.
Make a key, which is shown once:

  ${keysCommand('create --name laptop')}

or listen on this machine: HOST=127.0.0.1`)
  }

  /** A look at the file's state takes some microseconds, less than to wait for one that is not blocking. */
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
