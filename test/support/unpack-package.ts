/** Unpacks the npm packages of this repository. */
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import { packPackages } from '../../scripts/packages.ts'

/** Unpacks a package once until the sources change. @returns its folder. */
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
    // Another worker may have unpacked it first.
    if (!existsSync(unpacked)) throw error
    rmSync(making, { recursive: true })
  }
  return unpacked
}
