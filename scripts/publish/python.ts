/** Packs the Python package: the wheel that mlx-app contains, and a source distribution that builds the same wheel. */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { obtainUv } from '../environment.ts'
import { packPackages } from '../packages.ts'

const project = fileURLToPath(new URL('../../packages/engine/python', import.meta.url))

export interface PythonPackage {
  /** The absolute path of the wheel. */
  wheel: string
  /** The absolute path of the source distribution. */
  sdist: string
}

/**
 * Writes the wheel and the source distribution to a folder.
 *
 * @throws Error if the source distribution builds another wheel.
 */
export async function packPython(destination: string): Promise<PythonPackage> {
  const carried = (await packPackages()).find(({ name }) => name === 'wheel')
  if (carried === undefined) throw new Error('No wheel was packed')
  const uv = await obtainUv()
  const building = mkdtempSync(join(tmpdir(), 'create-mlx-app-python-'))
  const build = async (kind: '--sdist' | '--wheel', source: string): Promise<string> => {
    const folder = join(building, kind)
    await execa(uv, ['build', '--quiet', '--offline', kind, source, '--out-dir', folder])
    const file = readdirSync(folder).find((name) => /\.(whl|tar\.gz)$/.test(name))
    if (file === undefined) throw new Error(`uv build ${kind} built nothing from ${source}`)
    return join(folder, file)
  }
  try {
    const sdist = await build('--sdist', project)
    await execa('tar', ['-xzf', sdist, '-C', building])
    // Unpacks it first: for a file, uv looks for its build backend in an index.
    const wheel = await build('--wheel', join(building, basename(sdist, '.tar.gz')))
    if (!readFileSync(wheel).equals(readFileSync(carried.path)))
      throw new Error(`${basename(sdist)} builds another wheel than the one in mlx-app`)
    mkdirSync(destination, { recursive: true })
    for (const path of [wheel, sdist]) cpSync(path, join(destination, basename(path)))
    return { wheel: join(destination, basename(wheel)), sdist: join(destination, basename(sdist)) }
  } finally {
    rmSync(building, { recursive: true, force: true })
  }
}
