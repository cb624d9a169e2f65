/** What a published package knows of itself; scripts/packages.ts writes another file in this one's place. */

export interface Release {
  /** Version of the package. */
  version: string
  /** The wheel with the Python code, which the set-up installs. */
  wheel: {
    /** Name of the file in the folder `python` of the package. */
    file: string
    /** SHA-256 (hex) of its bytes. */
    sha256: string
  }
  /** SHA-256 (hex) of the lock files of each set of packages, by its name. */
  locks: Readonly<Record<string, string>>
}

/** Undefined where the package is run from the sources of its repository: the Python code then is the one beside it. */
export const release: Release | undefined = undefined
