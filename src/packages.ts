/** The packages that this repository publishes in addition to the tool. `wheel` is the Python package mlx-app. */
export type PackageName = 'mlx-app' | 'mlx-app-server' | 'wheel'

/** A package that a build of the tool carries as a file, for projects that can't get it from a registry. */
export interface CarriedPackage {
  name: PackageName
  /** File name in the folder `vendor` of a project. */
  file: string
  read(): Uint8Array
}

/** The folder of a project for packages that no registry has. */
export const vendorFolder = 'vendor'

/**
 * Returns the version of each package in a project's package.json: a file of the project, or the version in the
 * registry, which is the same as the tool's.
 */
export function packageVersions(
  names: readonly PackageName[],
  carried: readonly Pick<CarriedPackage, 'name' | 'file'>[],
  version: string,
): Map<string, string> {
  return new Map(
    names.map((name) => {
      const file = carried.find((candidate) => candidate.name === name)?.file
      return [name, file === undefined ? version : `file:${vendorFolder}/${file}`]
    }),
  )
}
