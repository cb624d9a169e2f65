/** The npm packages of this repository as they are published, unpacked. */
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import { packPackages } from '../../scripts/packages.ts'

/** Folder of an unpacked package; made once for the sources as they are. */
export async function unpackPackage(name: 'mlx-app' | 'mlx-app-server'): Promise<string> {
  const packed = (await packPackages()).find((candidate) => candidate.name === name)
  if (packed === undefined) throw new Error(`${name} was not packed`)
  const folder = join(dirname(packed.path), `unpacked-${name}`)
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
