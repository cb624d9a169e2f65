import { parseArgs } from 'node:util'
import { type Way, ways } from '../plan/plan.ts'

/** What the user asked the set-up for. */
export interface SetupOptions {
  way?: Way
  /** Path of the Python to build from, or with --env existing to use. */
  python?: string
  fresh: boolean
  /** Also pytest, ruff and mypy: for work on this package, whose repository has their lock. */
  dev: boolean
  cuda: boolean
  vision: boolean
}

/** The extras that --with adds. */
const extras = ['vision']

/** The user asked for something that there is not: told without a stack, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

export const setupHelp = `Makes the Python environment of this project, once and again after an update.

  --env uv|pip|existing   how: uv (the default; fetched by pip when it is not there), pip, or a Python that
                          already has mlx-lm, used as it is
  --python PATH           the Python to build from; with --env existing, the Python to use
  --cuda                  MLX for NVIDIA GPUs (Linux)
  --with vision           also mlx-vlm: images and embeddings, about 0.8 GB more
  --fresh                 throw the environment away and make it anew
  --help                  this text

  MLX_PYTHON=PATH         a Python to use as it is, here and when the app runs
`

/**
 * Reads the flags of the set-up.
 *
 * @returns 'help' for --help.
 * @throws UsageError for a flag or a value that there is not.
 */
export function parseSetupOptions(argv: string[]): SetupOptions | 'help' {
  const { values } = parseFlags(argv)
  if (values.help) return 'help'
  const way = ways.find((name) => name === values.env)
  if (values.env !== undefined && way === undefined) {
    throw new UsageError(`--env ${values.env}: there are ${ways.join(', ')}.`)
  }
  if (values.cuda && way === 'existing') {
    throw new UsageError('--cuda chooses packages to install, and --env existing installs none.')
  }
  const unknown = values.with.find((name) => !extras.includes(name))
  if (unknown !== undefined) throw new UsageError(`--with ${unknown}: there is ${extras.join(', ')}.`)
  if (values.with.length > 0 && way === 'existing') {
    throw new UsageError('--with chooses packages to install, and --env existing installs none.')
  }
  return {
    ...(way === undefined ? {} : { way }),
    ...(values.python === undefined ? {} : { python: values.python }),
    fresh: values.fresh,
    dev: false,
    cuda: values.cuda,
    vision: values.with.includes('vision'),
  }
}

function parseFlags(argv: string[]) {
  try {
    return parseArgs({
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
  } catch (error) {
    throw asUsageError(error)
  }
}

/** What parseArgs throws over wrong flags, as a UsageError; anything else unchanged. */
export function asUsageError(error: unknown): unknown {
  const wrongFlags =
    error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')
  return wrongFlags ? new UsageError(error.message) : error
}
