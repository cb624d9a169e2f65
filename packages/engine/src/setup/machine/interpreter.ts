import { z } from 'zod'
import { ask } from '../process/child-process.ts'

/** Oldest and newest minor version of Python 3 for which the packages of the lock have wheels. */
export const oldestMinor = 11
export const newestMinor = 14

/** Must run on any Python 3, however old: it is how an unfit one is recognised. The folder that it starts in is no place for modules. */
const probe = `
import json, platform, sys, sysconfig, os
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
    "virtual": sys.prefix != sys.base_prefix,
    "externallyManaged": os.path.exists(os.path.join(sysconfig.get_path("stdlib"), "EXTERNALLY-MANAGED")),
    "pip": has("pip"),
    "venv": has("venv"),
    "ensurepip": has("ensurepip"),
    "packages": {name: version(name) for name in ("mlx", "mlx-lm", "msgspec", "mlx-app")},
}))
`

const interpreterSchema = z.object({
  /** What it calls itself; the path that it was started by stays with the caller. */
  path: z.string(),
  version: z.tuple([z.number(), z.number(), z.number()]),
  /** cpython, pypy, ... */
  implementation: z.string(),
  /** As Python names it: arm64, x86_64, aarch64. */
  machine: z.string(),
  freeThreaded: z.boolean(),
  /** Belongs to a virtual environment. */
  virtual: z.boolean(),
  /** The system's package manager owns its packages (PEP 668), so pip refuses to add to them. */
  externallyManaged: z.boolean(),
  pip: z.boolean(),
  venv: z.boolean(),
  /** Debian and Ubuntu leave it out of python3; without it a virtual environment gets no pip. */
  ensurepip: z.boolean(),
  /** Versions that are installed; null where not. */
  packages: z.object({
    mlx: z.string().nullable(),
    'mlx-lm': z.string().nullable(),
    msgspec: z.string().nullable(),
    'mlx-app': z.string().nullable(),
  }),
})

/** A Python as it describes itself. */
export type Python = z.infer<typeof interpreterSchema>

/** A Python that could not be asked. */
export interface BrokenPython {
  path: string
  /** Why, in its own words where it had any. */
  problem: string
}

export function isBroken(python: Python | BrokenPython): python is BrokenPython {
  return 'problem' in python
}

/** Runs a Python and has it describe itself. Never rejects: one that does not run is a BrokenPython. */
export async function describePython(
  command: string,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<Python | BrokenPython> {
  const answer = await ask(command, ['-c', probe], environment, 30_000)
  if ('problem' in answer) return { path: command, problem: answer.problem }
  try {
    return interpreterSchema.parse(JSON.parse(answer.output))
  } catch {
    // It ran and printed something else: not an interpreter, or one wrapped in a script that talks.
    return { path: command, problem: 'it does not answer as a Python does' }
  }
}

/** 3.12.1 */
export function pythonVersion(python: Python): string {
  return python.version.join('.')
}

/** Why MLX's packages can't be installed for a Python; undefined when they can. */
export function incompatibility(python: Python, platform: NodeJS.Platform): string | undefined {
  const [major, minor] = python.version
  if (python.implementation !== 'cpython') return `it is ${python.implementation}, not CPython`
  if (major !== 3 || minor < oldestMinor) {
    return `it is Python ${pythonVersion(python)}, and 3.${oldestMinor} or newer is needed`
  }
  if (minor > newestMinor) {
    return `it is Python ${pythonVersion(python)}, and the packages have no builds beyond 3.${newestMinor} yet`
  }
  if (python.freeThreaded) return 'it is a free-threaded build, for which some packages have none'
  if (platform === 'darwin' && python.machine !== 'arm64') {
    return `it is built for ${python.machine}, and MLX on a Mac needs arm64`
  }
  return undefined
}
