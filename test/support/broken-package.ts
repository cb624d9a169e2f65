/** Package versions that fail when they are used, like a bad release. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'

/** A package that no registry has. On a mirror, vite 8.4.0 had an optional dependency like that. */
const missing = 'create-mlx-app-has-no-such-package'

/**
 * Packs a broken version of a package. Its main module throws, and it has an optional dependency that does not exist.
 *
 * @param folder the folder for the tarball.
 */
export async function brokenPackage(
  folder: string,
  name: string,
  version: string,
): Promise<{ tarball: string; manifest: Record<string, unknown> }> {
  const label = `${name.replace('/', '+')}-${version}`
  const place = join(folder, `broken-${label}`)
  const manifest = { name, version, main: 'broken.js', optionalDependencies: { [missing]: '^0.1.0' } }
  mkdirSync(join(place, 'package'), { recursive: true })
  writeFileSync(join(place, 'package', 'package.json'), JSON.stringify(manifest))
  writeFileSync(join(place, 'package', 'broken.js'), `throw new Error('${name} ${version} is broken')\n`)
  const tarball = join(folder, `${label}.tgz`)
  await execa('tar', ['-czf', tarball, '-C', place, 'package'])
  return { tarball, manifest }
}
