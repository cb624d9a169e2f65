import { readFileSync } from 'node:fs'
import type { CarriedPackage } from '../src/packages.ts'
import { packPackages } from './packages.ts'

/** Packs the packages of this repository for a tool that includes them. */
export async function carriedPackages(): Promise<CarriedPackage[]> {
  const packed = await packPackages()
  return packed.map(({ name, file, path }) => ({ name, file, read: () => readFileSync(path) }))
}
