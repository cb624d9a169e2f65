import { readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { interpreterIn, type Project, scriptCommand, scriptWithArguments } from '../../engine/project/index.ts'
import { pythonDirectory } from '../../package-files.ts'
import { release } from '../../release.ts'
import type { SetupOptions } from '../commands/setup-flags.ts'
import { findPythons, findUv } from '../machine/find-programs.ts'
import {
  type BrokenPython,
  describePython,
  incompatibility,
  isBroken,
  type Python,
} from '../machine/interpreter.ts'
import { describeSystem } from '../machine/system.ts'
import { lockedVersion } from './locks.ts'
import { missing, type Needs, type PlanInput } from './plan.ts'

/** Variables by which a user names a Python to use as it is; the engine reads the same ones. */
const pythonVariables = ['MLX_PYTHON', 'MLX_SERVING_PYTHON_PATH']

/** The first of those variables that is set. */
export function pythonFromVariable(environment: NodeJS.ProcessEnv): { by: string; path: string } | undefined {
  const by = pythonVariables.find((name) => environment[name])
  const path = by === undefined ? undefined : environment[by]
  return by === undefined || path === undefined ? undefined : { by, path }
}

/** Where a uv that the set-up fetched for itself lies. */
export function uvFolder(project: Project): string {
  return join(dirname(project.environmentFile), 'uv')
}

/** The version of mlx-lm that the lock names; the worker is written for exactly that one. */
export function lockedMlxLm(): string {
  const lock = readFileSync(join(pythonDirectory, 'requirements.lock'), 'utf8')
  const version = lockedVersion(lock, 'mlx-lm')
  if (version === undefined) throw new Error('requirements.lock does not name mlx-lm')
  return version
}

/** Looks at the machine: everything that the plan depends on. */
export async function inspectMachine(
  project: Project,
  options: Pick<SetupOptions, 'way' | 'python' | 'cuda'>,
  environment: NodeJS.ProcessEnv,
): Promise<PlanInput> {
  const system = await describeSystem()
  const needs: Needs = { mlxLm: lockedMlxLm(), mlxApp: release?.version }
  const enough = (python: Python | BrokenPython): boolean =>
    !isBroken(python) &&
    incompatibility(python, system.platform) === undefined &&
    (options.way === 'existing' ? missing(python, needs) === undefined : python.venv && python.ensurepip)
  const named = await describeNamed(options, environment)
  return {
    system,
    way: options.way,
    cuda: options.cuda,
    named,
    pythons: named !== undefined && options.way === 'existing' ? [] : await findPythons(environment, enough),
    uv: await findUv(environment, uvFolder(project)),
    needs,
    setupCommand: scriptCommand('setup', environment),
    commandForMethod: (way) => scriptWithArguments('setup', `--env ${way}`, environment),
  }
}

async function describeNamed(
  options: Pick<SetupOptions, 'way' | 'python'>,
  environment: NodeJS.ProcessEnv,
): Promise<PlanInput['named']> {
  if (options.python !== undefined) {
    return { by: '--python', python: await describeAsNamed(options.python, environment) }
  }
  const variable = pythonFromVariable(environment)
  // Another way was asked for: the variable has its say when the app runs, not here.
  if (options.way === 'uv' || options.way === 'pip') return undefined
  if (variable === undefined) return await describeActive(environment)
  return { by: variable.by, python: await describeAsNamed(variable.path, environment) }
}

/** The Python of an active virtual environment that has the package mlx-app; any other one is none of our business. */
async function describeActive(environment: NodeJS.ProcessEnv): Promise<PlanInput['named']> {
  const { VIRTUAL_ENV } = environment
  if (!VIRTUAL_ENV) return undefined
  const python = await describePython(interpreterIn(VIRTUAL_ENV), environment)
  if (isBroken(python) || python.packages['mlx-app'] === null) return undefined
  return { by: 'VIRTUAL_ENV', python: { ...python, path: interpreterIn(VIRTUAL_ENV) } }
}

/** Keeps a path as the user gave it: a script that starts Python in its own way is not the Python that it starts. */
async function describeAsNamed(path: string, environment: NodeJS.ProcessEnv): Promise<Python | BrokenPython> {
  const python = await describePython(path, environment)
  return isBroken(python) || !/[/\\]/.test(path) ? python : { ...python, path: resolve(path) }
}
