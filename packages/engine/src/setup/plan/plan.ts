import {
  type BrokenPython,
  findIncompatibility,
  isBroken,
  isCompatible,
  newestMinor,
  oldestMinor,
  type Python,
  pythonVersion,
} from '../machine/interpreter.ts'
import { checkPlatform, type Refusal } from '../machine/platform-support.ts'
import type { System } from '../machine/system.ts'
import { missingPackages, type RequiredVersions, updateCommand } from './required-packages.ts'

/** The methods of getting a Python environment: create it with uv or pip, or use an existing one. */
export const setupMethods = ['uv', 'pip', 'existing'] as const
export type SetupMethod = (typeof setupMethods)[number]

/** What uv gets instead of a path if there is no compatible Python: it looks for one itself, or downloads one. */
export const pythonRequest = `cpython>=3.${oldestMinor},<3.${newestMinor + 1}`

/** Everything that the plan depends on. */
export interface PlanInput {
  system: System
  /** The method that the user asked for; undefined to choose one. */
  method?: SetupMethod | undefined
  cuda: boolean
  /** A Python that the user named, and how: MLX_PYTHON, --python or an active virtual environment. */
  named?: { by: string; python: Python | BrokenPython } | undefined
  /** The Pythons on the PATH, in order of preference. */
  pythons: (Python | BrokenPython)[]
  /** Path of a supported uv. */
  uv?: string | undefined
  required: RequiredVersions
  /** What pip installs to get the same version of mlx-app; undefined in the repository. */
  requirement?: string | undefined
  /** The command that sets up this project, such as `npm run setup`. */
  setupCommand: string
  /** Returns the same command with a method, such as `npm run setup -- --env uv`. */
  commandForMethod: (method: SetupMethod) => string
}

/** Use a Python that has all packages. */
export interface ExistingPlan {
  method: 'existing'
  python: Python
  /** How the user named it; undefined if it was found on the PATH. */
  by?: string
}

/** Create an environment with a Python's own venv and pip. */
export interface PipPlan {
  method: 'pip'
  python: Python
}

/** Create an environment with uv. */
export interface UvPlan {
  method: 'uv'
  /** A uv that exists, or the Python whose pip fetches one. */
  uv: { path: string } | { fetchWith: Python }
  /** Path of an interpreter, or a request that uv understands. */
  python: string
  /** What to do if uv can't be fetched, or makes no environment. */
  fallback?: PipPlan
}

export type Plan = ExistingPlan | PipPlan | UvPlan

/** Returns how to get the Python environment, or why it is not possible. This function has no side effects. */
export function planSetup(input: PlanInput): Plan | Refusal {
  const { method, named } = input
  if (named !== undefined && isBroken(named.python)) {
    return {
      reason: `${named.by} is set to ${named.python.path}: ${named.python.problem}.`,
      next: [`Correct or remove ${named.by}, then run: ${input.setupCommand}`],
    }
  }
  // MLX_PYTHON means: use this Python. --python alone means: create the environment from it.
  if (method === 'existing' || (method === undefined && named !== undefined && named.by !== '--python')) {
    return planExisting(input)
  }
  const refusal = checkPlatform(input.system) ?? checkCuda(input)
  if (refusal !== undefined) return refusal
  return method === 'pip' ? planPip(input) : planUv(input)
}

export function isRefusal(plan: Plan | Refusal): plan is Refusal {
  return 'reason' in plan
}

function checkCuda({ cuda, system, setupCommand }: PlanInput): Refusal | undefined {
  if (!cuda || system.platform === 'linux') return undefined
  return {
    reason: '--cuda is for Linux with an NVIDIA GPU. On a Mac, MLX uses Metal without it.',
    next: [setupCommand],
  }
}

function planExisting(input: PlanInput): Plan | Refusal {
  const { named, system, required, requirement } = input
  const candidates = named === undefined ? input.pythons : [named.python]
  const by = named === undefined ? '' : ` (${named.by})`
  const problems: string[] = []
  const updates: string[] = []
  for (const python of candidates) {
    const problem = isBroken(python)
      ? python.problem
      : (findIncompatibility(python, system.platform) ?? missingPackages(python, required))
    if (problem === undefined && !isBroken(python)) {
      return { method: 'existing', python, ...(named !== undefined && { by: named.by }) }
    }
    problems.push(`${python.path}${by}: ${problem}`)
    const update = isCompatible(python, system.platform) ? updateCommand(python, requirement) : undefined
    if (update !== undefined) updates.push(update)
  }
  return {
    reason:
      problems.length === 0
        ? 'There is no Python on the PATH.'
        : `No existing Python can be used.\n${problems.map((problem) => `  ${problem}`).join('\n')}`,
    next: [
      ...updates.map((update) => `${update}   installs the versions that this project needs`),
      `${input.commandForMethod('uv')}   creates a separate environment and doesn't change that Python`,
      describeCorrection(named?.by),
    ],
  }
}

/** Returns how to make setup choose another Python than the one that the user named. */
function describeCorrection(by: string | undefined): string {
  if (by === undefined) return 'Or set MLX_PYTHON to the path of a Python that has the packages'
  return by === 'VIRTUAL_ENV' ? 'Or leave the active virtual environment: deactivate' : `Or correct ${by}`
}

/** Returns a Python on the PATH that has all packages already, which the user may want to use. */
export function findReadyPython({ pythons, system, required }: PlanInput): Python | undefined {
  return pythons.find(
    (python): python is Python =>
      isCompatible(python, system.platform) && missingPackages(python, required) === undefined,
  )
}

/** Returns how to get uv and a Python for it, also on a system that MLX does not support, or why it is not possible. */
export function planUv(input: PlanInput): UvPlan | Refusal {
  const base = choosePython(input)
  if (base !== undefined && 'reason' in base) return base
  const python = base?.path ?? pythonRequest
  const canFallBack = base !== undefined && input.method === undefined && canCreateEnvironment(base)
  const fallback: Pick<UvPlan, 'fallback'> = canFallBack ? { fallback: { method: 'pip', python: base } } : {}
  if (input.uv !== undefined) return { method: 'uv', uv: { path: input.uv }, python, ...fallback }
  // uv is a standalone program: the pip of an old Python can fetch it, and uv then downloads a newer Python.
  const fetchWith = workingPythons(input).find(canFetchUv)
  if (fetchWith === undefined) return refuseWithoutPython(input)
  return { method: 'uv', uv: { fetchWith }, python, ...fallback }
}

function planPip(input: PlanInput): Plan | Refusal {
  const base = choosePython(input)
  if (base !== undefined && 'reason' in base) return base
  if (base === undefined) {
    return {
      reason: `--env pip needs Python 3.${oldestMinor} to 3.${newestMinor}, and there is none.${listPythons(input)}`,
      next: [`${input.commandForMethod('uv')}   downloads a Python`, ...pythonInstallCommands(input.system)],
    }
  }
  if (!canCreateEnvironment(base)) {
    const missing = base.venv ? 'ensurepip' : 'venv'
    return {
      reason: `${base.path} can't create an environment because its ${missing} module is missing. Debian and Ubuntu package it separately.`,
      next: [
        `sudo apt install python3.${base.version[1]}-venv`,
        `${input.commandForMethod('uv')}   doesn't need it`,
      ],
    }
  }
  return { method: 'pip', python: base }
}

/** Whether a Python can fetch uv. The wheel of uv requires Python 3.8 or newer. */
function canFetchUv(python: Python): boolean {
  const [major, minor] = python.version
  return major === 3 && minor >= 8 && (python.pip || canCreateEnvironment(python))
}

/** Whether a Python's own venv can create an environment with pip in it. */
export function canCreateEnvironment(python: Python): boolean {
  return python.venv && python.ensurepip
}

function workingPythons({ named, pythons }: PlanInput): Python[] {
  const all = named === undefined ? pythons : [named.python, ...pythons]
  return all.filter((python): python is Python => !isBroken(python))
}

/** Returns the Python to create the environment from: that of --python, or the first compatible one, if any. */
function choosePython(input: PlanInput): Python | Refusal | undefined {
  const { named, system } = input
  if (named?.by === '--python' && !isBroken(named.python)) {
    const problem = findIncompatibility(named.python, system.platform)
    if (problem === undefined) return named.python
    return {
      reason: `--python is set to ${named.python.path}: ${problem}.`,
      next: [`${input.setupCommand}   finds a Python by itself`],
    }
  }
  const compatible = input.pythons.filter((python) => isCompatible(python, system.platform))
  return compatible.find(canCreateEnvironment) ?? compatible[0]
}

function refuseWithoutPython(input: PlanInput): Refusal {
  const [found] = workingPythons(input)
  return {
    reason:
      found === undefined
        ? `There is neither uv nor a working Python.${listPythons(input)}`
        : `There is no uv, and ${found.path} (Python ${pythonVersion(found)}) can't fetch it; that needs Python 3.8 or newer with pip or ensurepip.`,
    next: pythonInstallCommands(input.system),
  }
}

function listPythons({ pythons, system }: PlanInput): string {
  return pythons
    .map((python) => {
      const problem = isBroken(python) ? python.problem : findIncompatibility(python, system.platform)
      return `\n  ${python.path}: ${problem ?? 'compatible'}`
    })
    .join('')
}

/** Returns the commands that install uv or a Python on a system. */
function pythonInstallCommands(system: System): string[] {
  if (system.platform === 'darwin') {
    return [
      'brew install uv',
      'Without Homebrew: xcode-select --install   installs a Python that can fetch uv',
    ]
  }
  const commands: Record<string, string> = {
    debian: 'sudo apt install python3-venv python3-pip',
    ubuntu: 'sudo apt install python3-venv python3-pip',
    fedora: 'sudo dnf install uv',
    rhel: 'sudo dnf install python3.12 python3.12-pip',
    arch: 'sudo pacman -S uv',
    suse: 'sudo zypper install python312 python312-pip',
  }
  const command = system.distributions.map((name) => commands[name]).find((found) => found !== undefined)
  const other = `Install uv, or Python 3.${oldestMinor} to 3.${newestMinor} with venv and pip, with your package manager`
  return [command ?? other]
}
