import { type CarriedPackage, vendorFolder } from '../packages.ts'
import type { Layer } from './layers.ts'

/** Returns the packages that a project gets as files, as a layer. */
export function vendorLayer(carried: readonly CarriedPackage[]): Layer {
  return {
    name: vendorFolder,
    files: new Map(carried.map(({ file, read }) => [`${vendorFolder}/${file}`, read()])),
  }
}
