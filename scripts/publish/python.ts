/** Packs the Python package for PyPI: a wheel, and a source distribution that builds the same wheel. */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { obtainUv } from '../environment.ts'
import { pyprojectForPyPI } from './manifest.ts'

const project = fileURLToPath(new URL('../../packages/engine/python', import.meta.url))
/** What uv builds the package from. */
const sources = ['pyproject.toml', 'README.md', 'LICENSE', 'src']

export interface PythonPackage {
  /** The absolute path of the wheel. */
  wheel: string
  /** The absolute path of the source distribution. */
  sdist: string
}

/**
 * Writes the wheel and the source distribution to a folder. They only differ from those of a checkout in the addresses of the
 * repository.
 *
 * @param repository `owner/name` on GitHub.
 * @throws Error if the source distribution builds another wheel.
 */
export async function packPython(destination: string, repository: string): Promise<PythonPackage> {
  const uv = await obtainUv()
  const building = mkdtempSync(join(tmpdir(), 'create-mlx-app-python-'))
  const build = async (kind: '--sdist' | '--wheel', source: string, output: string): Promise<string> => {
    const folder = join(building, output)
    await execa(uv, ['build', '--quiet', '--offline', kind, source, '--out-dir', folder])
    const file = readdirSync(folder).find((name) => /\.(whl|tar\.gz)$/.test(name))
    if (file === undefined) throw new Error(`uv build ${kind} built nothing from ${source}`)
    return join(folder, file)
  }
  try {
    const staged = join(building, 'project')
    const isSource = (path: string): boolean => basename(path) !== '__pycache__'
    for (const name of sources)
      cpSync(join(project, name), join(staged, name), { recursive: true, filter: isSource })
    const pyproject = readFileSync(join(staged, 'pyproject.toml'), 'utf8')
    writeFileSync(join(staged, 'pyproject.toml'), pyprojectForPyPI(pyproject, repository))
    const wheel = await build('--wheel', staged, 'wheel')
    const sdist = await build('--sdist', staged, 'sdist')
    await execa('tar', ['-xzf', sdist, '-C', building])
    // Unpacks it first: for a file, uv looks for its build backend in an index.
    const again = await build('--wheel', join(building, basename(sdist, '.tar.gz')), 'again')
    if (!readFileSync(again).equals(readFileSync(wheel)))
      throw new Error(`${basename(sdist)} builds another wheel than ${basename(wheel)}`)
    mkdirSync(destination, { recursive: true })
    for (const path of [wheel, sdist]) cpSync(path, join(destination, basename(path)))
    return { wheel: join(destination, basename(wheel)), sdist: join(destination, basename(sdist)) }
  } finally {
    rmSync(building, { recursive: true, force: true })
  }
}
