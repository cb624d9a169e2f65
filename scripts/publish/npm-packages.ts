/**
 * The packages that npm gets, in the order in which they are published: each one needs those before it alone, so that a
 * release that broke off leaves nothing that can't be installed. The wheel, which mlx-app carries, is made before them all.
 */
export const npmPackages = [
  { name: 'mlx-app', folder: 'packages/engine' },
  { name: 'mlx-app-server', folder: 'packages/server' },
  { name: 'create-mlx-app', folder: undefined },
] as const

/** Name of a package's tarball in the folder of a release. */
export const tarballOf = (name: string): string => `${name}.tgz`

/** Folder in that of a release for what the Python package index gets: the wheel and the source distribution. */
export const pythonFolder = 'python'
