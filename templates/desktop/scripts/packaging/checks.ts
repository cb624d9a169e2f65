/** What must be right before the app is packaged: its version, and the Python that it carries. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type AfterPackContext, Arch } from 'electron-builder'
import type { VendorRecord } from 'mlx-app/setup'

/**
 * Returns the version of the packaged app: the variable VERSION, or the one in package.json.
 *
 * @throws Error if VERSION is not one that updates can compare.
 */
export function packagedVersion(manifest: { version: string }): string {
  const { VERSION } = process.env
  if (!VERSION) return manifest.version
  if (/^\d+\.\d+\.\d+(-[\w.-]+)?$/.test(VERSION)) return VERSION
  throw userError(`VERSION must be a version such as 1.2.3, and it is "${VERSION}".`)
}

/** The Python that `npm run vendor` has written. */
export class VendoredPython {
  readonly #files: readonly string[]
  readonly #record: Pick<VendorRecord, 'platform' | 'oldestSystem' | 'version'> | undefined

  /** @param name the folder with the packages, in the folder of the output. */
  constructor(output: string, name: string) {
    const record = join(output, name, 'vendor.json')
    this.#files = [record, join(output, 'python', 'bin', 'python3')]
    this.#record = existsSync(record) ? JSON.parse(readFileSync(record, 'utf8')) : undefined
  }

  /** The oldest macOS on which it runs; undefined if it is for Linux. */
  get oldestMacos(): string | undefined {
    return this.#record?.platform.startsWith('darwin') ? this.#record.oldestSystem : undefined
  }

  /**
   * Checks that it is for the system and the version that are packaged.
   *
   * @throws Error with the command that vendors the right one.
   */
  check(
    version: string,
    { electronPlatformName, arch }: Pick<AfterPackContext, 'electronPlatformName' | 'arch'>,
  ): void {
    const platform = `${electronPlatformName}-${Arch[arch]}`
    const flags =
      platform === `${process.platform}-${process.arch}` ? '' : ` -- --target-platform ${platform}`
    const variable = process.env.VERSION ? `VERSION=${version} ` : ''
    const fix = `Run: ${variable}npm run vendor${flags}`
    const missing = this.#files.find((path) => !existsSync(path))
    const found = this.#record
    if (found === undefined || missing !== undefined) {
      throw userError(`The app has no Python yet: ${missing} is missing. ${fix}`)
    }
    if (found.platform !== platform) {
      throw userError(`The app is packaged for ${platform}, but its Python is for ${found.platform}. ${fix}`)
    }
    if (found.version !== version) {
      throw userError(`The app has version ${version}, but its Python is stamped ${found.version}. ${fix}`)
    }
  }
}

/** Returns an error that electron-builder prints without a stack. */
function userError(message: string): Error {
  return Object.assign(new Error(message), { stack: '' })
}
