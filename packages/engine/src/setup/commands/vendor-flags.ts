/** The flags of `mlx-app vendor`, for the parser and the help. Each value can also be given as a variable. */
import { resolve } from 'node:path'
import { scriptWithArguments } from '../../engine/project/index.ts'
import type { VendorOptions } from '../vendor/plan/options.ts'
import { ownPlatform } from '../vendor/plan/target.ts'
import { flagsTakenByNpm } from './npm-flags.ts'
import { parseFlags, UsageError } from './usage-error.ts'

interface VendorFlag {
  readonly type: 'string' | 'boolean'
  /** The environment variable with the same meaning; empty if there is none. */
  readonly variable: string
  /** The name of the value in the help. */
  readonly value: string
  readonly help: string
}

export const vendorFlags = {
  python: {
    type: 'string',
    variable: 'EMBEDDED_PYTHON',
    value: 'DIR',
    help: 'the interpreter to put into the app: its folder, or the program in its bin (default: ./python, or a relocatable CPython that uv downloads)',
  },
  'wheels-only': {
    type: 'boolean',
    variable: 'VENDOR_VIA_WHEELS',
    value: '',
    help: 'only the packages, without an interpreter',
  },
  'target-python': {
    type: 'string',
    variable: 'TARGET_PY_VERSION',
    value: 'X.Y',
    help: "version of Python (default: that of the interpreter, or of this system's Python)",
  },
  'target-platform': {
    type: 'string',
    variable: 'TARGET_PLATFORM',
    value: 'NAME',
    help: "darwin-arm64, linux-x64, linux-arm64, or a wheel's tag such as macosx_14_0_arm64 (default: this machine)",
  },
  'target-abi': {
    type: 'string',
    variable: 'TARGET_ABI',
    value: 'ABI',
    help: 'ABI that the wheels must have, such as cp312',
  },
  'min-macos': {
    type: 'string',
    variable: 'MACOSX_DEPLOYMENT_TARGET',
    value: 'VERSION',
    help: 'oldest macOS that the app supports (default: 14.0)',
  },
  'mlx-wheel': {
    type: 'string',
    variable: 'MLX_WHEEL',
    value: 'FILE',
    help: 'your own build of MLX, installed last (default: mlx-*.whl in custom-wheels/)',
  },
  'mlx-lm-wheel': {
    type: 'string',
    variable: 'MLX_LM_WHEEL',
    value: 'FILE',
    help: 'your own build of mlx-lm, installed last (default: mlx_lm-*.whl in custom-wheels/)',
  },
  'app-version': {
    type: 'string',
    variable: 'VERSION',
    value: 'VERSION',
    help: 'version to write into the output (default: that of package.json)',
  },
  'dist-dir': {
    type: 'string',
    variable: 'DIST_DIR',
    value: 'DIR',
    help: 'the output (default: dist-ext-python)',
  },
  'bin-name': {
    type: 'string',
    variable: 'BIN_NAME',
    value: 'NAME',
    help: 'name of the launcher (default: the name of the project)',
  },
  clean: {
    type: 'boolean',
    variable: 'CLEAN',
    value: '',
    help: 'delete everything else in the output, such as builds under other names',
  },
  'dry-run': { type: 'boolean', variable: '', value: '', help: 'print what would be done, but do nothing' },
  json: { type: 'boolean', variable: '', value: '', help: 'print the result as JSON' },
} as const satisfies Record<string, VendorFlag>

type FlagName = keyof typeof vendorFlags
type SwitchName = 'wheels-only' | 'clean' | 'dry-run' | 'json'
type TextName = Exclude<FlagName, SwitchName>

const flagNames = Object.keys(vendorFlags).filter((name): name is FlagName =>
  Object.hasOwn(vendorFlags, name),
)
/** Without `python`, which is also a setting of npm. */
const ownFlags = flagNames.filter((name) => name !== 'python')

export interface VendorCommandLine {
  options: VendorOptions
  dryRun: boolean
  json: boolean
}

/**
 * Parses the arguments after `mlx-app vendor`. A flag takes precedence over its variable. What follows `--`, or the
 * variable PIP_ARGS, is for the program that installs the packages.
 *
 * @returns 'help' for --help.
 * @throws UsageError for an unknown flag or a wrong value.
 */
export function parseVendorCommandLine(
  argv: readonly string[],
  environment: NodeJS.ProcessEnv,
): VendorCommandLine | 'help' {
  const dashes = argv.includes('--') ? argv.indexOf('--') : argv.length
  const { values } = parseFlags({
    args: argv.slice(0, dashes),
    options: { ...vendorFlags, help: { type: 'boolean', short: 'h' } },
  })
  if (values.help) return 'help'
  const taken = flagsTakenByNpm(
    'vendor',
    ownFlags,
    flagNames.filter((flag) => flag in values),
    environment,
  )
  if (taken.length > 0) {
    const flags = taken.map((flag) => `--${flag} ${vendorFlags[flag].value}`.trim()).join(' ')
    const again = scriptWithArguments('vendor', flags, environment)
    throw new UsageError(`npm did not pass on ${flags}. Put -- before the options: ${again}`)
  }
  const text = (flag: TextName): string | undefined => {
    if (values[flag]?.trim() === '') throw new UsageError(`--${flag} must not be empty.`)
    return values[flag] ?? (environment[vendorFlags[flag].variable] || undefined)
  }
  const path = (flag: TextName): string | undefined => {
    const given = text(flag)
    return given === undefined ? undefined : resolve(given)
  }
  const isOn = (flag: 'wheels-only' | 'clean'): boolean =>
    values[flag] ?? isSwitchedOn(vendorFlags[flag].variable, environment)
  const installArguments = argv.slice(dashes + 1)
  return {
    options: {
      python: path('python'),
      pythonBy: values.python === undefined ? 'EMBEDDED_PYTHON' : '--python',
      wheelsOnly: isOn('wheels-only'),
      targetPython: text('target-python'),
      targetPlatform: text('target-platform'),
      targetAbi: text('target-abi'),
      minMacos: isForMac(text('target-platform')) ? text('min-macos') : values['min-macos'],
      mlxWheel: path('mlx-wheel'),
      mlxLmWheel: path('mlx-lm-wheel'),
      version: text('app-version'),
      distDirectory: path('dist-dir'),
      binName: text('bin-name'),
      clean: isOn('clean'),
      installArguments:
        installArguments.length > 0 ? installArguments : splitWords('PIP_ARGS', environment.PIP_ARGS ?? ''),
    },
    dryRun: values['dry-run'] ?? false,
    json: values.json ?? false,
  }
}

/** Whether a platform is macOS. Developers on a Mac may have set its variable for everything that they build. */
function isForMac(platform: string = ownPlatform()): boolean {
  return /^(darwin|macosx)/.test(platform)
}

function isSwitchedOn(variable: string, environment: NodeJS.ProcessEnv): boolean {
  const value = environment[variable] ?? ''
  if (['', '0', 'false'].includes(value)) return false
  if (['1', 'true'].includes(value)) return true
  throw new UsageError(`${variable} must be 1 or 0, not ${value}.`)
}

/** Splits a text into words as a shell does, with quotes but without expansions. */
function splitWords(variable: string, text: string): string[] {
  const words = [...text.matchAll(/(?:[^\s"']+|"([^"]*)"|'([^']*)')+/g)].map(([word]) =>
    word.replace(/"([^"]*)"|'([^']*)'/g, (_, double?: string, single?: string) => double ?? single ?? ''),
  )
  const rest = text.replace(/"[^"]*"|'[^']*'/g, '')
  if (/["']/.test(rest)) throw new UsageError(`${variable} has a quote that is not closed: ${text}`)
  return words
}

/** Returns the help of `mlx-app vendor`. */
export function formatVendorHelp(): string {
  const rows = Object.entries(vendorFlags).flatMap(([flag, { value, variable, help }]) => [
    `  --${flag} ${value}`.trimEnd(),
    ...wrap(variable === '' ? help : `${help} [${variable}]`).map((line) => `      ${line}`),
  ])
  return `Puts Python, MLX and the code of the worker into a folder that an app can ship.

Usage: ${scriptWithArguments('vendor', '[options] [-- options of uv pip install]')}

Options, with the environment variables that mean the same:
${rows.join('\n')}
  -- ARGUMENTS
      options for the installation, such as --no-index --find-links DIR [PIP_ARGS]
  -h, --help
      show this help

The output is dist-ext-python/NAME/ with the packages (_vendor/) and the launcher, and
dist-ext-python/python/ with the interpreter.
Exit codes: 0 success, 1 failure, 2 wrong usage, 130 interrupted.
`
}

function wrap(text: string): string[] {
  return text.match(/.{1,90}(?:\s|$)/g)?.map((line) => line.trimEnd()) ?? []
}
