/** The tool as npm publishes it, made beside the work tree, so that nothing else can build there at the same time. */
import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { bundle } from '../../scripts/bundle.ts'
import { version } from '../../src/version.ts'

const repository = fileURLToPath(new URL('../../', import.meta.url))

/** Builds and packs the tool in a folder of its own. @returns the path of the tarball. */
export async function packedTool(folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true })
  for (const name of ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md']) {
    copyFileSync(join(repository, name), join(folder, name))
  }
  await bundle(join(folder, 'dist'))
  await execa('npm', ['pack', '--ignore-scripts'], { cwd: folder })
  return join(folder, `create-mlx-app-${version}.tgz`)
}
