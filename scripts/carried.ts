import { readFileSync } from 'node:fs'
import type { CarriedPackage } from '../src/packages.ts'
import { packPackages } from './packages.ts'

/** Packs the packages of this repository for a tool that includes them. */
export async function carriedPackages(): Promise<CarriedPackage[]> {
  const packed = await packPackages()
  return packed.map(({ name, file, path }) => ({ name, file, read: () => readFileSync(path) }))
}

/** Returns the SHA-256 of the wheel in hex. A release publishes the same bytes. */
export async function wheelSha256(): Promise<string> {
  const wheel = (await packPackages()).find(({ name }) => name === 'wheel')
  if (wheel === undefined) throw new Error('No wheel was packed')
  return wheel.sha256
}
