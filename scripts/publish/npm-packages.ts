/**
 * The npm packages in the order in which they are published. Each one only depends on those before it, so that an interrupted
 * release leaves nothing that can't be installed. The wheel is built before them, because mlx-app contains it.
 */
export const npmPackages = [
  { name: 'mlx-app', folder: 'packages/engine' },
  { name: 'mlx-app-server', folder: 'packages/server' },
  { name: 'create-mlx-app', folder: undefined },
] as const

/** Returns the file name of a package's tarball in the folder of a release. */
export const tarballOf = (name: string): string => `${name}.tgz`

/** The subfolder of a release with the wheel and the source distribution. */
export const pythonFolder = 'python'
