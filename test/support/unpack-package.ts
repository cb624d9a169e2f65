/** Unpacks the npm packages of this repository. */
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import { packPackages } from '../../scripts/packages.ts'
import { makeOnce } from './make-once.ts'

/** Unpacks a package once until the sources change. @returns its folder. */
export async function unpackPackage(name: 'mlx-app' | 'mlx-app-server'): Promise<string> {
  const packed = (await packPackages()).find((candidate) => candidate.name === name)
  if (packed === undefined) throw new Error(`${name} was not packed`)
  return makeOnce(join(dirname(packed.path), `unpacked-${name}`), 'package', async (making) => {
    await execa('tar', ['-xzf', packed.path, '-C', making])
  })
}
