/** What a published package knows about itself. scripts/packages.ts replaces this file in a build. */

export interface Release {
  /** The version of the package. */
  version: string
  /** The wheel with the Python code, which setup installs. */
  wheel: {
    /** The name of the file in the package's folder `python`. */
    file: string
    /** The SHA-256 (hex) of the file. */
    sha256: string
  }
  /** The SHA-256 (hex) of the lock files, by the name of the set of packages. */
  locks: Readonly<Record<string, string>>
}

/** Undefined in the repository, where the Python code is run from its sources. */
export const release: Release | undefined = undefined
