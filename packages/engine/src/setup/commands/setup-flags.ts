import { scriptWithArguments } from '../../engine/project/index.ts'
import type { SetupOptions } from '../context.ts'
import { setupMethods } from '../plan/plan.ts'
import { parseFlags, UsageError } from './usage-error.ts'

/** The values of --with. */
const extras = ['vision']

/** Returns the help of `mlx-app setup`. */
export function formatSetupHelp(): string {
  return `Creates or updates the Python environment of this project.

Usage: ${scriptWithArguments('setup', '[options]')}

Options:
  --env uv|pip|existing   how to get the environment: create it with uv (default; fetched with pip
                          if missing) or with pip, or use an existing Python that has mlx-lm
  --python PATH           the Python to create the environment from, or to use with --env existing
  --cuda                  install MLX for NVIDIA GPUs (Linux)
  --with vision           also install mlx-vlm for images and embedding models (about 0.8 GB)
  --fresh                 delete the environment and create a new one
  -h, --help              show this help

Environment variables:
  MLX_PYTHON=PATH         an existing Python to use, for setup and for the app
  VIRTUAL_ENV             the active virtual environment; used if it has the Python package mlx-app
`
}

/**
 * Parses the flags of `mlx-app setup`.
 *
 * @returns 'help' for --help.
 * @throws UsageError for an unknown flag or value.
 */
export function parseSetupFlags(argv: string[]): SetupOptions | 'help' {
  const { values } = parseFlags({
    args: argv,
    options: {
      env: { type: 'string' },
      python: { type: 'string' },
      fresh: { type: 'boolean', default: false },
      cuda: { type: 'boolean', default: false },
      with: { type: 'string', multiple: true, default: [] },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return 'help'
  const method = setupMethods.find((name) => name === values.env)
  if (values.env !== undefined && method === undefined) {
    throw new UsageError(`--env must be one of ${setupMethods.join(', ')}, not ${values.env}.`)
  }
  const unknown = values.with.find((name) => !extras.includes(name))
  if (unknown !== undefined) {
    throw new UsageError(`--with must be ${extras.join(', ')}, not ${unknown}.`)
  }
  const forInstall = values.cuda ? '--cuda' : values.with.length > 0 ? '--with' : undefined
  if (forInstall !== undefined && method === 'existing') {
    throw new UsageError(`${forInstall} can't be used with --env existing, which installs no packages.`)
  }
  return {
    ...(method === undefined ? {} : { method }),
    ...(values.python === undefined ? {} : { python: values.python }),
    fresh: values.fresh,
    dev: false,
    cuda: values.cuda,
    vision: values.with.includes('vision'),
  }
}
