/** What the user asks `mlx-app vendor` for. Paths are absolute, and undefined means the default. */
export interface VendorOptions {
  /** The folder of the interpreter to put into the app, or the program in its `bin`. */
  python?: string | undefined
  /** How `python` was given, for messages. */
  pythonBy?: string
  /** Only the packages, without an interpreter. */
  wheelsOnly?: boolean
  /** The version of Python, such as 3.12. */
  targetPython?: string | undefined
  /** A name such as darwin-arm64, or a wheel's tag such as macosx_14_0_arm64. */
  targetPlatform?: string | undefined
  /** The ABI that the wheels must have, such as cp312. */
  targetAbi?: string | undefined
  /** The oldest macOS that the app supports, such as 14.0. */
  minMacos?: string | undefined
  /** A wheel that replaces the locked mlx. */
  mlxWheel?: string | undefined
  /** A wheel that replaces the locked mlx-lm. */
  mlxLmWheel?: string | undefined
  /** The version to write into the output. */
  version?: string | undefined
  /** The folder of the output. */
  distDirectory?: string | undefined
  /** The name of the launcher. */
  binName?: string | undefined
  /** Delete what earlier builds left in the output, also under other names. */
  clean?: boolean
  /** Options for `uv pip install`. */
  installArguments?: readonly string[]
}
