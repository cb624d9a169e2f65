/** A uv project in `python/` of an app, with packages and code of the user's own, in which the worker runs. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { EngineError } from '../../engine/index.ts'
import {
  type EnvironmentRecord,
  interpreterIn,
  type Project,
  scriptCommand,
} from '../../engine/project/index.ts'
import { release } from '../../release.ts'
import type { SetupContext, SetupOptions, SetupResult } from '../context.ts'
import { type Python, pythonVersion } from '../machine/interpreter.ts'
import { refusalError } from '../machine/platform-support.ts'
import { inspectMachine } from '../plan/inspect-machine.ts'
import { hashFiles } from '../plan/locks.ts'
import { isRefusal, planSetup } from '../plan/plan.ts'
import { processOptions, throwIfInterrupted } from '../process/child-process.ts'
import { writeEnvironmentRecord } from './environment-record.ts'
import { withFormerSetAside } from './former.ts'
import { obtainUv } from './obtain-uv.ts'
import { packageRecord } from './python-package.ts'
import { runFromCacheOrNetwork } from './uv.ts'
import { verifyMlx, verifyPython, warmUpEnvironment } from './verify-environment.ts'

/** Returns the folder of the user's Python project, or undefined if there is none. */
export function findPythonProject(project: Project): string | undefined {
  const folder = join(project.root, 'python')
  return existsSync(join(folder, 'pyproject.toml')) ? folder : undefined
}

/**
 * Runs `uv sync` in the user's Python project, and records its environment, `python/.venv`. Packages that the user
 * added with `uv add` stay.
 *
 * @throws EngineError with the next command to run.
 */
export async function syncPythonProject(
  project: Project,
  folder: string,
  options: SetupOptions,
  record: EnvironmentRecord | undefined,
  context: SetupContext,
): Promise<SetupResult> {
  const { environment, signal } = context
  rejectUnsupportedOptions(options)
  const input = await inspectMachine(project, { ...options, method: 'uv', cuda: false }, environment)
  await throwIfInterrupted(signal)
  const plan = planSetup(input)
  if (isRefusal(plan)) throw refusalError(plan)
  if (plan.method !== 'uv') throw new Error('The plan for uv has another method.')
  const uv = await obtainUv(project, plan, context)
  return await withFormerSetAside(project, [], async () => {
    const uvArguments = ['sync', '--project', folder, '--python', plan.python]
    // Here the configuration is the user's own.
    const { UV_NO_CONFIG: _, UV_CONFIG_FILE: __, ...configured } = environment
    const own = context.uvConfigFile === undefined ? {} : { UV_CONFIG_FILE: context.uvConfigFile }
    const run = processOptions(project, { environment: { ...configured, ...own }, signal })
    await runFromCacheOrNetwork(uv, uvArguments, run, 'uv could not sync python/')
    return await recordSynced(project, folder, record, context)
  })
}

/** Checks the environment in `python/.venv`, and records it. */
async function recordSynced(
  project: Project,
  folder: string,
  record: EnvironmentRecord | undefined,
  context: SetupContext,
): Promise<SetupResult> {
  const { environment, terminal } = context
  const python = interpreterIn(join(folder, '.venv'))
  const hint = `Delete python/.venv, then run: ${scriptCommand('setup', environment)}`
  const synced = { python, folder: 'python/.venv', hint }
  const description = await verifyPython(synced, context)
  terminal.done(`Python ${pythonVersion(description)} in python/.venv, synced with python/uv.lock`)
  verifyPackageVersion(description, environment)
  await verifyMlx(synced, project, context)
  const lock = hashProjectLock(folder)
  const upToDate = record?.method === 'project' && record.lock === lock
  if (!upToDate) await warmUpEnvironment(synced, project, context)
  const { version } = packageRecord()
  await writeEnvironmentRecord(project, {
    method: 'project',
    python,
    lock,
    ...(version !== undefined && { version }),
  })
  return { python, upToDate }
}

function rejectUnsupportedOptions({ cuda, vision, method }: SetupOptions): void {
  const extra = vision ? '"mlx-app[vision]"' : cuda ? '"mlx[cuda12]"' : undefined
  if (extra !== undefined) {
    throw new EngineError('INVALID_REQUEST', 'python/pyproject.toml defines the packages of this app.', {
      hint: `To add the package, run: uv add --project python ${extra}`,
    })
  }
  if (method === 'pip') {
    throw new EngineError('INVALID_REQUEST', 'python/ is a uv project, which pip cannot set up.', {
      hint: 'Run setup without --env. If uv is missing, pip fetches it',
    })
  }
}

/** Returns the SHA-256 (hex) of the files that define the project's packages. */
export function hashProjectLock(folder: string): string {
  return hashFiles(['pyproject.toml', 'uv.lock'].map((name) => join(folder, name)))
}

function verifyPackageVersion({ packages }: Python, environment: NodeJS.ProcessEnv): void {
  const version = packages['mlx-app']
  if (version === null) throw wrongDependency('python/pyproject.toml does not depend on mlx-app', environment)
  if (release !== undefined && version !== release.version) {
    throw wrongDependency(
      `python/pyproject.toml installs mlx-app ${version}, but the npm package has version ${release.version}`,
      environment,
    )
  }
}

function wrongDependency(message: string, environment: NodeJS.ProcessEnv): EngineError {
  const requirement = release === undefined ? 'mlx-app' : `mlx-app==${release.version}`
  return new EngineError('SETUP_NEEDED', `${message}.`, {
    hint: `Add "${requirement}" to the dependencies in python/pyproject.toml, then run: ${scriptCommand('setup', environment)}`,
  })
}
