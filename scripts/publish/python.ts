/** What the Python package index gets: the wheel that mlx-app carries, and a source distribution that gives the same wheel. */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { obtainUv } from '../environment.ts'
import { packPackages } from '../packages.ts'

const project = fileURLToPath(new URL('../../packages/engine/python', import.meta.url))

export interface PythonPackage {
  /** Absolute path. */
  wheel: string
  /** Absolute path. */
  sdist: string
}

/**
 * Puts the wheel and the source distribution into a folder.
 *
 * @throws Error when the source distribution gives another wheel.
 */
export async function packPython(destination: string): Promise<PythonPackage> {
  const carried = (await packPackages()).find(({ name }) => name === 'wheel')
  if (carried === undefined) throw new Error('There is no wheel')
  const uv = await obtainUv()
  const building = mkdtempSync(join(tmpdir(), 'create-mlx-app-python-'))
  const build = async (kind: '--sdist' | '--wheel', source: string): Promise<string> => {
    const folder = join(building, kind)
    await execa(uv, ['build', '--quiet', '--offline', kind, source, '--out-dir', folder])
    const file = readdirSync(folder).find((name) => /\.(whl|tar\.gz)$/.test(name))
    if (file === undefined) throw new Error(`uv build ${kind} made nothing of ${source}`)
    return join(folder, file)
  }
  try {
    const sdist = await build('--sdist', project)
    await execa('tar', ['-xzf', sdist, '-C', building])
    // From a folder: uv asks an index for its build backend where the source is a file.
    const wheel = await build('--wheel', join(building, basename(sdist, '.tar.gz')))
    if (!readFileSync(wheel).equals(readFileSync(carried.path)))
      throw new Error(`${basename(sdist)} gives another wheel than the one in mlx-app`)
    mkdirSync(destination, { recursive: true })
    for (const path of [wheel, sdist]) cpSync(path, join(destination, basename(path)))
    return { wheel: join(destination, basename(wheel)), sdist: join(destination, basename(sdist)) }
  } finally {
    rmSync(building, { recursive: true, force: true })
  }
}
