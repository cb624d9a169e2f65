/** The package mlx-app as it is published, unpacked where it finds the packages that it needs. */
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import { packPackages } from '../../scripts/packages.ts'

/** Folder of the unpacked package; made once for the sources as they are. */
export async function enginePackage(): Promise<string> {
  const packed = (await packPackages()).find(({ name }) => name === 'mlx-app')
  if (packed === undefined) throw new Error('mlx-app was not packed')
  const folder = join(dirname(packed.path), 'unpacked')
  const unpacked = join(folder, 'package')
  if (existsSync(unpacked)) return unpacked
  const making = mkdtempSync(`${folder}-`)
  await execa('tar', ['-xzf', packed.path, '-C', making])
  try {
    renameSync(making, folder)
  } catch (error) {
    // Another worker of the tests was quicker.
    if (!existsSync(unpacked)) throw error
    rmSync(making, { recursive: true })
  }
  return unpacked
}
