import { readdirSync, statSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { interpreterIn } from '../packages/engine/src/engine/project/index.ts'
import { obtainUv } from '../scripts/environment.ts'
import { packPackages } from '../scripts/packages.ts'
import { alternate, median, rounds, time } from './measure.ts'
import { milliseconds, type Row, ratio } from './table.ts'

/**
 * Measures `uv venv` and `uv pip install` of the wheel of mlx-app against `python -m venv` and `pip install`, with warm caches,
 * and the size of what is installed. pip compiles to bytecode, and uv leaves that to the first import. Medians of 3.
 *
 * @param systemPython the interpreter that the environments are created with.
 */
export async function benchPythonInstall(workspace: string, systemPython: string): Promise<Row[]> {
  const wheel = (await packPackages()).find(({ name }) => name === 'wheel')?.path
  if (wheel === undefined) throw new Error('No wheel was packed')
  const uv = await obtainUv()
  const [withUv, withPip] = [join(workspace, 'with-uv'), join(workspace, 'with-pip')]
  const installWithUv = async (): Promise<number> => {
    await rm(withUv, { recursive: true, force: true })
    return await time(async () => {
      await execa(uv, ['venv', '--python', systemPython, withUv])
      await execa(uv, ['pip', 'install', '--python', interpreterIn(withUv), wheel])
    })
  }
  const installWithPip = async (): Promise<number> => {
    await rm(withPip, { recursive: true, force: true })
    return await time(async () => {
      await execa(systemPython, ['-m', 'venv', withPip])
      await execa(interpreterIn(withPip), ['-m', 'pip', 'install', wheel])
    })
  }
  const sides = await alternate(rounds(3), installWithUv, installWithPip)
  const [ours, peer] = [median(sides.ours), median(sides.peer)]
  const { stdout } = await execa(interpreterIn(withUv), [
    '-c',
    'import sysconfig; print(sysconfig.get_path("purelib"))',
  ])
  return [
    {
      what: 'Python package: uv venv, uv pip install, warm cache',
      ours: milliseconds(ours),
      peer: `python -m venv, pip install, which compiles to bytecode: ${milliseconds(peer)}`,
      result: ratio(ours / peer),
    },
    {
      what: 'Python package: installed size, without bytecode',
      ours: `mlx_app: ${megabytes(bytesIn(join(stdout, 'mlx_app')))}`,
      peer: '',
      result: `${megabytes(bytesIn(stdout))} with all dependencies`,
    },
  ]
}

function bytesIn(folder: string): number {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  const sizes = paths.map((path) => statSync(join(folder, path))).filter((stat) => stat.isFile())
  return sizes.reduce((sum, { size }) => sum + size, 0)
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`
