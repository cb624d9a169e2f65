/** Which versions an existing Python must have, and how to install them. */
import type { Python } from '../machine/interpreter.ts'
import { quote } from '../terminal/quote.ts'

/** The versions that an existing Python must have. */
export interface RequiredVersions {
  /** The locked version of mlx-lm. */
  mlxLm: string
  /** The version of this package, if the Python has mlx-app installed; undefined in the repository. */
  mlxApp: string | undefined
}

/** The versions that a Python has; null if a package is not installed. */
export interface InstalledVersions {
  mlxLm: string | null
  mlxApp: string | null
}

/** Returns which packages for the worker a Python lacks, or undefined if it has them all. */
export function missingPackages({ packages }: Python, required: RequiredVersions): string | undefined {
  const missing = (['mlx', 'mlx-lm', 'msgspec'] as const).filter((name) => packages[name] === null)
  if (missing.length > 0) return `${missing.join(', ')} not installed`
  return findVersionProblem({ mlxLm: packages['mlx-lm'], mlxApp: packages['mlx-app'] }, required)
}

/** Returns which package has the wrong version, with both versions, or undefined if all are right. */
export function findVersionProblem(
  { mlxLm, mlxApp }: InstalledVersions,
  required: RequiredVersions,
): string | undefined {
  if (required.mlxApp !== undefined && mlxApp !== null && mlxApp !== required.mlxApp) {
    return `it has mlx-app ${mlxApp}, but the npm package mlx-app has version ${required.mlxApp}; they must be the same`
  }
  if (mlxLm !== required.mlxLm) return `it has mlx-lm ${mlxLm}, but ${required.mlxLm} is required`
  return undefined
}

/**
 * Returns the command that installs the required version of mlx-app into a Python that has another one, together with the
 * packages that it needs; undefined if that Python doesn't have mlx-app.
 *
 * @param requirement what to install: the wheel in the npm package, or a version.
 */
export function updateCommand(python: Python, requirement: string | undefined): string | undefined {
  if (python.packages['mlx-app'] === null || requirement === undefined) return undefined
  const path = quote(python.path)
  const install = python.pip ? `${path} -m pip install` : `uv pip install --python ${path}`
  return `${install} ${quote(requirement)}`
}
