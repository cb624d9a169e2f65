import { mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { z } from 'zod'
import { obtainUv } from '../environment.ts'

const installed = fileURLToPath(new URL('../../node_modules/', import.meta.url))
const manifestSchema = z.looseObject({
  dependencies: z.record(z.string(), z.string()).default({}),
  peerDependencies: z.record(z.string(), z.string()).default({}),
})

/**
 * Unpacks packages as if they were installed, with only their declared dependencies.
 *
 * @param tarballs the paths by package name.
 * @returns the folders by package name.
 */
export async function unpackAsInstalled(
  tarballs: ReadonlyMap<string, string>,
  folder: string,
): Promise<Map<string, string>> {
  const modules = join(folder, 'node_modules')
  const folders = new Map([...tarballs.keys()].map((name) => [name, join(modules, name)]))
  for (const [name, tarball] of tarballs) await unpack(tarball, join(modules, name))
  const needed = [...folders.values()].flatMap((each) => {
    const text = readFileSync(join(each, 'package.json'), 'utf8')
    const { dependencies, peerDependencies } = manifestSchema.parse(JSON.parse(text))
    return Object.keys({ ...dependencies, ...peerDependencies })
  })
  for (const name of new Set(needed)) {
    if (folders.has(name)) continue
    mkdirSync(dirname(join(modules, name)), { recursive: true })
    symlinkSync(join(installed, name), join(modules, name))
  }
  return folders
}

/** Unpacks a tarball without its top-level folder. */
export async function unpack(tarball: string, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true })
  await execa('tar', ['-xzf', tarball, '-C', folder, '--strip-components=1'])
}

/** Unpacks a wheel, which is a zip file. */
export async function unpackWheel(wheel: string, folder: string): Promise<void> {
  const extract = ['python', '-m', 'zipfile', '--extract', wheel, folder]
  await execa(await obtainUv(), ['run', '--quiet', '--no-project', ...extract])
}
