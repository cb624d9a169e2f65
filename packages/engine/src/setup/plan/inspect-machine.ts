import { resolve } from 'node:path'
import {
  interpreterIn,
  type Project,
  pythonFromVariable,
  scriptCommand,
  scriptWithArguments,
} from '../../engine/project/index.ts'
import { wheelPath } from '../../package-files.ts'
import { release } from '../../release.ts'
import type { SetupOptions } from '../context.ts'
import { findPythons, findUv } from '../machine/find-programs.ts'
import {
  type BrokenPython,
  describePython,
  isBroken,
  isCompatible,
  type Python,
} from '../machine/interpreter.ts'
import { describeSystem } from '../machine/system.ts'
import { lockedMlxLm } from './locks.ts'
import { canCreateEnvironment, type PlanInput } from './plan.ts'
import { missingPackages, type RequiredVersions } from './required-packages.ts'

/** Collects everything that the plan depends on. */
export async function inspectMachine(
  project: Project,
  options: Pick<SetupOptions, 'method' | 'python' | 'cuda'>,
  environment: NodeJS.ProcessEnv,
): Promise<PlanInput> {
  const system = await describeSystem()
  const required: RequiredVersions = { mlxLm: lockedMlxLm(), mlxApp: release?.version }
  const { method, cuda } = options
  const isEnough = (python: Python | BrokenPython): boolean =>
    isCompatible(python, system.platform) &&
    (method === 'existing' ? missingPackages(python, required) === undefined : canCreateEnvironment(python))
  const named = await describeNamedPython(options, environment)
  return {
    system,
    method,
    cuda,
    named,
    pythons: named !== undefined && method === 'existing' ? [] : await findPythons(environment, isEnough),
    uv: await findUv(project, environment),
    required,
    requirement: requirementOfRelease(),
    setupCommand: scriptCommand('setup', environment),
    commandForMethod: (other) => scriptWithArguments('setup', `--env ${other}`, environment),
  }
}

async function describeNamedPython(
  options: Pick<SetupOptions, 'method' | 'python'>,
  environment: NodeJS.ProcessEnv,
): Promise<PlanInput['named']> {
  if (options.python !== undefined) {
    return { by: '--python', python: await describePythonAt(options.python, environment) }
  }
  const variable = pythonFromVariable(environment)
  // The user asked for another method: the variable then matters only when the app runs.
  if (options.method === 'uv' || options.method === 'pip') return undefined
  if (variable === undefined) return await describeActivePython(environment)
  return { by: variable.by, python: await describePythonAt(variable.path, environment) }
}

/** Describes the Python of an active virtual environment, if that has the package mlx-app. */
async function describeActivePython(environment: NodeJS.ProcessEnv): Promise<PlanInput['named']> {
  const { VIRTUAL_ENV } = environment
  if (!VIRTUAL_ENV) return undefined
  const path = interpreterIn(VIRTUAL_ENV)
  const python = await describePython(path, environment)
  if (isBroken(python) || python.packages['mlx-app'] === null) return undefined
  return { by: 'VIRTUAL_ENV', python: { ...python, path } }
}

/** Describes a Python, and keeps its path as given: it may be a script that starts another Python in its own way. */
async function describePythonAt(
  path: string,
  environment: NodeJS.ProcessEnv,
): Promise<Python | BrokenPython> {
  const python = await describePython(path, environment)
  return isBroken(python) || !/[/\\]/.test(path) ? python : { ...python, path: resolve(path) }
}

/** Returns what pip installs to get the version of this package. It can't read a wheel that Yarn or Electron keep in an archive. */
function requirementOfRelease(): string | undefined {
  if (release === undefined || wheelPath === undefined) return undefined
  return /\.(zip|asar)[/\\]/.test(wheelPath) ? `mlx-app==${release.version}` : wheelPath
}
