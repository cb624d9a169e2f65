import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { sign } from '@electron/osx-sign'
import type { MacConfiguration } from 'electron-builder'
import { readBinary } from 'mlx-app/setup'

/** A function that electron-builder calls with the options of the signature. */
type SignApp = Extract<MacConfiguration['sign'], (...values: never[]) => unknown>

/** Apple's name for a signature without a certificate. Such an app only runs on the Mac that packaged it. */
const adHoc = '-'

/**
 * Signs every Mach-O file of the app, the bundles around them, and the app itself at the end.
 *
 * electron-builder would sign all files that are not text. In the folders of Python that is thousands of compiled modules,
 * each with a request to Apple's timestamp server.
 */
export const signMacApp: SignApp = async ({ ignore: _, identity, optionsForFile, ...options }) => {
  const code = new Set(await machOFiles(options.app))
  const isBundle = (path: string) => /\.(app|framework)$/.test(path)
  await sign({
    ...options,
    ...(optionsForFile && { optionsForFile: (path) => optionsForFile(path) }),
    identity: identity ?? adHoc,
    ignore: (path) => !code.has(path) && !isBundle(path),
    // Files with the same options are signed by one call, the deepest ones first.
    batchCodesignCalls: true,
  })
}

/** Returns the paths of all Mach-O files in a folder. They are found by their content, because some have no ending. */
async function machOFiles(folder: string): Promise<string[]> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  const found: string[] = []
  for (const entry of entries) {
    // A link leads to a file that is signed at its own place.
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    const slices = await readBinary(path)
    if (slices.some(({ format }) => format === 'mach-o')) found.push(path)
  }
  return found
}
