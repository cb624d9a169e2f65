import { readFileSync } from 'node:fs'
import type { CarriedPackage } from '../src/packages.ts'
import { packPackages } from './packages.ts'

/** The packages of this repository, packed as they are now, for a tool that carries them. */
export async function carriedPackages(): Promise<CarriedPackage[]> {
  const packed = await packPackages()
  return packed.map(({ name, file, path }) => ({ name, file, read: () => readFileSync(path) }))
}
