import { z } from 'zod'
import { runForOutput } from '../process/child-process.ts'

/** The oldest and newest minor versions of Python 3 for which the locked packages have wheels. */
export const oldestMinor = 11
export const newestMinor = 14

/** Describes the Python that runs it. It must work in every Python 3, and must not import from the working directory. */
const probe = `
import json, platform, sys, sysconfig
sys.path[:] = [path for path in sys.path if path]
def has(name):
    try:
        from importlib.util import find_spec
        return find_spec(name) is not None
    except Exception:
        return False
def version(name):
    try:
        from importlib.metadata import version
        return version(name)
    except Exception:
        return None
print(json.dumps({
    "path": sys.executable,
    "version": list(sys.version_info[:3]),
    "implementation": sys.implementation.name,
    "machine": platform.machine(),
    "freeThreaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    "pip": has("pip"),
    "venv": has("venv"),
    "ensurepip": has("ensurepip"),
    "packages": {name: version(name) for name in ("mlx", "mlx-lm", "msgspec", "mlx-app")},
}))
`

const interpreterSchema = z.object({
  /** `sys.executable`, which can differ from the path that it was started with. */
  path: z.string(),
  version: z.tuple([z.number(), z.number(), z.number()]),
  /** Such as cpython or pypy. */
  implementation: z.string(),
  /** The architecture, as Python names it: arm64, x86_64, aarch64. */
  machine: z.string(),
  freeThreaded: z.boolean(),
  pip: z.boolean(),
  venv: z.boolean(),
  /** Debian and Ubuntu package it separately. Without it, a virtual environment gets no pip. */
  ensurepip: z.boolean(),
  /** The installed versions; null if a package is not installed. */
  packages: z.object({
    mlx: z.string().nullable(),
    'mlx-lm': z.string().nullable(),
    msgspec: z.string().nullable(),
    'mlx-app': z.string().nullable(),
  }),
})

/** A Python, as it describes itself. */
export type Python = z.infer<typeof interpreterSchema>

/** A Python that doesn't run. */
export interface BrokenPython {
  path: string
  /** Why it doesn't run, from its own output if possible. */
  problem: string
}

export function isBroken(python: Python | BrokenPython): python is BrokenPython {
  return 'problem' in python
}

/** Runs a Python to describe it. It never rejects, but returns a BrokenPython if the Python doesn't run. */
export async function describePython(
  command: string,
  environment: NodeJS.ProcessEnv,
): Promise<Python | BrokenPython> {
  const result = await runForOutput(command, ['-c', probe], environment, 30_000)
  if ('problem' in result) return { path: command, problem: result.problem }
  try {
    return interpreterSchema.parse(JSON.parse(result.output))
  } catch {
    // It printed something else: it is not a Python, or a script around it prints too.
    return { path: command, problem: 'it does not respond like a Python interpreter' }
  }
}

/** Returns the version of a Python as text, such as 3.12.1. */
export function pythonVersion(python: Python): string {
  return python.version.join('.')
}

/** Whether a Python runs and MLX's packages can be installed for it. */
export function isCompatible(python: Python | BrokenPython, platform: NodeJS.Platform): python is Python {
  return !isBroken(python) && findIncompatibility(python, platform) === undefined
}

/** Returns why MLX's packages can't be installed for a Python, or undefined if they can. */
export function findIncompatibility(python: Python, platform: NodeJS.Platform): string | undefined {
  const [major, minor] = python.version
  if (python.implementation !== 'cpython') return `it is ${python.implementation}, not CPython`
  if (major !== 3 || minor < oldestMinor) {
    return `it is Python ${pythonVersion(python)}; 3.${oldestMinor} or newer is required`
  }
  if (minor > newestMinor) {
    return `it is Python ${pythonVersion(python)}; the packages do not support versions after 3.${newestMinor} yet`
  }
  if (python.freeThreaded) return 'it is a free-threaded build, which some packages do not support'
  if (platform === 'darwin' && python.machine !== 'arm64') {
    return `it is built for ${python.machine}; MLX on a Mac needs arm64`
  }
  return undefined
}
