import {
  type BrokenPython,
  incompatibility,
  isBroken,
  newestMinor,
  oldestMinor,
  type Python,
  pythonVersion,
} from '../machine/interpreter.ts'
import { type Refusal, unsupported } from '../machine/platform-support.ts'
import type { System } from '../machine/system.ts'

/** How the Python environment comes about. */
export const ways = ['uv', 'pip', 'existing'] as const
export type Way = (typeof ways)[number]

/** What uv is asked for when no fit Python was found: it looks at its own ones too, and downloads one at need. */
export const pythonRequest = `cpython>=3.${oldestMinor},<3.${newestMinor + 1}`

/** Everything that the choice depends on. */
export interface PlanInput {
  system: System
  /** From --env, or from the record of an earlier set-up; undefined to choose. */
  way?: Way | undefined
  cuda: boolean
  /** A Python that the user named, and by what: MLX_PYTHON, --python. */
  named?: { by: string; python: Python | BrokenPython } | undefined
  /** What was found on the PATH, most wanted first. */
  pythons: (Python | BrokenPython)[]
  /** Path of a uv that runs. */
  uv?: string | undefined
  needs: Needs
  /** How this project's set-up is run, for example npm run setup. */
  setupCommand: string
  /** The same with a way chosen, for example npm run setup -- --env uv. */
  commandForMethod: (way: Way) => string
}

/** What an interpreter has to have to be used as it is. */
export interface Needs {
  /** The version of mlx-lm in the lock. */
  mlxLm: string
  /** The version of this package, which the one of Python must have too where it is installed; undefined in the repository. */
  mlxApp: string | undefined
}

export interface ExistingPlan {
  way: 'existing'
  python: Python
}

export interface PipPlan {
  way: 'pip'
  python: Python
}

export interface UvPlan {
  way: 'uv'
  /** A uv that is there, or the Python whose pip brings one. */
  uv: { path: string } | { through: Python }
  /** Path of an interpreter, or a request that uv understands. */
  python: string
  /** What to do when uv can't be had through pip. */
  otherwise?: PipPlan
}

export type Plan = ExistingPlan | PipPlan | UvPlan

/** Chooses the way to the Python environment, or says why there is none. Pure. */
export function planSetup(situation: PlanInput): Plan | Refusal {
  const { way, named } = situation
  if (named !== undefined && isBroken(named.python)) {
    return {
      reason: `${named.by} names ${named.python.path}: ${named.python.problem}.`,
      next: [`Correct or unset ${named.by}, then run: ${situation.setupCommand}`],
    }
  }
  // MLX_PYTHON means: use it as it is. --python alone means: make the environment from it.
  if (way === 'existing' || (way === undefined && named !== undefined && named.by !== '--python')) {
    return planExisting(situation)
  }
  const refusal = unsupported(situation.system) ?? checkCuda(situation)
  if (refusal !== undefined) return refusal
  return way === 'pip' ? planPip(situation) : planUv(situation)
}

export function isRefusal(plan: Plan | Refusal): plan is Refusal {
  return 'reason' in plan
}

function checkCuda({ cuda, system, setupCommand }: PlanInput): Refusal | undefined {
  if (!cuda || system.platform === 'linux') return undefined
  return {
    reason: '--cuda is for Linux with an NVIDIA GPU. A Mac uses Metal without it.',
    next: [setupCommand],
  }
}

function planExisting(situation: PlanInput): Plan | Refusal {
  const { named, system, needs } = situation
  const candidates = named === undefined ? situation.pythons : [named.python]
  const problems: string[] = []
  for (const python of candidates) {
    const problem = isBroken(python)
      ? python.problem
      : (incompatibility(python, system.platform) ?? missing(python, needs))
    if (problem === undefined && !isBroken(python)) return { way: 'existing', python }
    problems.push(`${python.path}: ${problem}`)
  }
  return {
    reason:
      problems.length === 0
        ? 'There is no Python on the PATH to use as it is.'
        : `No Python here can be used as it is.\n${problems.map((problem) => `  ${problem}`).join('\n')}`,
    next: [
      `${situation.commandForMethod('uv')}   makes an environment of its own and leaves that Python alone`,
      named === undefined
        ? 'Or name one that has the packages: MLX_PYTHON=/path/to/python'
        : `Or correct ${named.by}`,
    ],
  }
}

/** What an interpreter lacks of what the worker needs; undefined when it has all. */
export function missing(python: Python, { mlxLm, mlxApp }: Needs): string | undefined {
  const { packages } = python
  const absent = [
    packages.mlx === null ? 'mlx' : '',
    packages['mlx-lm'] === null ? 'mlx-lm' : '',
    packages.msgspec === null ? 'msgspec' : '',
  ].filter((name) => name !== '')
  if (absent.length > 0) return `${absent.join(', ')} not installed`
  if (packages['mlx-lm'] !== mlxLm) return `it has mlx-lm ${packages['mlx-lm']}, and the app needs ${mlxLm}`
  const installed = packages['mlx-app']
  if (installed !== null && mlxApp !== undefined && installed !== mlxApp) {
    return `it has mlx-app ${installed}, and the npm package mlx-app has version ${mlxApp}: both must be the same`
  }
  return undefined
}

/** A Python on the PATH that has everything the worker needs: worth telling the user about. */
export function findReadyPython({ pythons, system, needs }: PlanInput): Python | undefined {
  return pythons.find(
    (python): python is Python =>
      !isBroken(python) &&
      incompatibility(python, system.platform) === undefined &&
      missing(python, needs) === undefined,
  )
}

function planUv(situation: PlanInput): Plan | Refusal {
  const base = choosePython(situation)
  if (base !== undefined && 'reason' in base) return base
  const python = base?.path ?? pythonRequest
  if (situation.uv !== undefined) return { way: 'uv', uv: { path: situation.uv }, python }
  // uv is a program of its own: an old Python's pip can fetch it, and it then brings a newer Python.
  const through = working(situation).find(canFetchUv)
  if (through === undefined) return refuseWithoutPython(situation)
  const fallback =
    base !== undefined && situation.way === undefined && canCreateEnvironment(base) ? base : undefined
  return {
    way: 'uv',
    uv: { through },
    python,
    ...(fallback === undefined ? {} : { otherwise: { way: 'pip', python: fallback } }),
  }
}

function planPip(situation: PlanInput): Plan | Refusal {
  const base = choosePython(situation)
  if (base !== undefined && 'reason' in base) return base
  if (base === undefined) {
    return {
      reason: `pip needs a Python from 3.${oldestMinor} to 3.${newestMinor}, and there is none.${listPythons(situation)}`,
      next: [
        `${situation.commandForMethod('uv')}   brings a Python with it`,
        ...installCommands(situation.system),
      ],
    }
  }
  if (!canCreateEnvironment(base)) {
    const lacking = base.venv ? 'ensurepip' : 'venv'
    return {
      reason: `${base.path} can't make an environment: its ${lacking} module is missing (Debian and Ubuntu pack it apart).`,
      next: [
        `sudo apt install python3.${base.version[1]}-venv`,
        `${situation.commandForMethod('uv')}   does not need it`,
      ],
    }
  }
  return { way: 'pip', python: base }
}

/** uv's wheel asks for Python 3.8 or newer, whatever the pip. */
function canFetchUv(python: Python): boolean {
  const [major, minor] = python.version
  return major === 3 && minor >= 8 && (python.pip || canCreateEnvironment(python))
}

function canCreateEnvironment(python: Python): boolean {
  return python.venv && python.ensurepip
}

function working(situation: PlanInput): Python[] {
  const all =
    situation.named === undefined ? situation.pythons : [situation.named.python, ...situation.pythons]
  return all.filter((python): python is Python => !isBroken(python))
}

/** The Python to build from: the one that --python names, or the first fit one; undefined when there is none. */
function choosePython(situation: PlanInput): Python | Refusal | undefined {
  const { named, system } = situation
  if (named?.by === '--python' && !isBroken(named.python)) {
    const problem = incompatibility(named.python, system.platform)
    if (problem === undefined) return named.python
    return {
      reason: `--python names ${named.python.path}: ${problem}.`,
      next: [`${situation.setupCommand}   looks for one itself`],
    }
  }
  const fit = situation.pythons.filter(
    (python): python is Python => !isBroken(python) && incompatibility(python, system.platform) === undefined,
  )
  return fit.find(canCreateEnvironment) ?? fit[0]
}

function refuseWithoutPython(situation: PlanInput): Refusal {
  const found = working(situation)[0]
  return {
    reason:
      found === undefined
        ? `There is neither uv nor a Python that works.${listPythons(situation)}`
        : `There is no uv, and ${found.path} (Python ${pythonVersion(found)}) can't fetch it: that takes Python 3.8 with pip or ensurepip.`,
    next: installCommands(situation.system),
  }
}

function listPythons({ pythons, system }: PlanInput): string {
  return pythons
    .map(
      (python) =>
        `\n  ${python.path}: ${isBroken(python) ? python.problem : (incompatibility(python, system.platform) ?? 'fit')}`,
    )
    .join('')
}

/** Commands that bring uv or a Python, by the system's own means. */
export function installCommands(system: System): string[] {
  if (system.platform === 'darwin') {
    return [
      'brew install uv',
      'Without Homebrew: xcode-select --install   brings a Python that is enough to fetch uv',
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
  return [command ?? 'Install uv, or Python 3.11 to 3.14 with venv and pip, by your package manager']
}
