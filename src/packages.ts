/** What this repository publishes beside the tool; `wheel` is the Python package mlx-app. */
export type PackageName = 'mlx-app' | 'mlx-app-server' | 'wheel'

/** A package that a build of the tool carries as a file, for projects that can't get it from a registry. */
export interface CarriedPackage {
  name: PackageName
  /** File name in the folder `vendor` of a project. */
  file: string
  read(): Uint8Array
}

/** Folder of a project for packages that no registry has. */
export const vendorFolder = 'vendor'

/**
 * What the package.json of a project names the npm packages by: a file that comes with it, or the version in the registry,
 * which is the one of the tool.
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
