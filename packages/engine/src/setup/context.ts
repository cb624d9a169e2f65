import type { SetupMethod } from './plan/plan.ts'
import type { Terminal } from './terminal/terminal.ts'

/** What the user asks the setup for. */
export interface SetupOptions {
  /** How to get the environment; by default, setup chooses. */
  method?: SetupMethod
  /** Path of the Python to create the environment from, or to use with the method `existing`. */
  python?: string
  /** Delete the environment first. */
  fresh: boolean
  /** Also install pytest, ruff and mypy. Only the repository of this package has the lock for them. */
  dev: boolean
  /** Install MLX for NVIDIA GPUs. */
  cuda: boolean
  /** Also install mlx-vlm, for images and embedding models. */
  vision: boolean
}

/** What a setup runs with. */
export interface SetupContext {
  /** The environment variables for setup and for the programs that it starts. */
  environment: NodeJS.ProcessEnv
  terminal: Terminal
  signal?: AbortSignal | undefined
  /** The user's UV_CONFIG_FILE, for a uv project of their own. */
  uvConfigFile?: string | undefined
}

/** The result of a setup. */
export interface SetupResult {
  /** Absolute path of the interpreter that the engine will use. */
  python: string
  /** Whether nothing had to be done. */
  upToDate: boolean
}
