/** A uv project in `python/` beside an app: the user's own packages and code, which the engine's worker runs with. */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { EngineError } from '../../engine/index.ts'
import { interpreterIn, type Project, scriptCommand } from '../../engine/project/index.ts'
import { release } from '../../release.ts'
import type { SetupOptions } from '../commands/setup-flags.ts'
import { describePython, isBroken, pythonVersion } from '../machine/interpreter.ts'
import { refusalError } from '../machine/platform-support.ts'
import { inspectMachine } from '../plan/inspect-machine.ts'
import { isRefusal, planSetup } from '../plan/plan.ts'
import { throwIfInterrupted } from '../process/child-process.ts'
import type { SetupContext, SetupResult } from '../run-setup.ts'
import { runOf, uvFor } from './build-environment.ts'
import { removeRecord, type SetupRecord, writeRecord } from './environment-record.ts'
import { describeMlx, verify } from './mlx-check.ts'
import { installed } from './python-package.ts'
import { runFromCacheOrNetwork } from './uv.ts'
import { warmUp } from './warm-up.ts'

/** The folder of the user's Python project; undefined where there is none. */
export function findPythonProject(project: Project): string | undefined {
  const folder = join(project.root, 'python')
  return existsSync(join(folder, 'pyproject.toml')) ? folder : undefined
}

/**
 * Has uv bring the project's environment, `python/.venv`, to what its pyproject.toml and uv.lock say, and records it. What the
 * user added with `uv add` stays.
 *
 * @throws EngineError that says what is in the way and the next command.
 */
export async function syncPythonProject(
  project: Project,
  folder: string,
  options: SetupOptions,
  record: SetupRecord | undefined,
  context: SetupContext,
): Promise<SetupResult> {
  const { environment, terminal, signal } = context
  refuseFlags(options)
  const situation = await inspectMachine(project, { ...options, way: 'uv', cuda: false }, environment)
  await throwIfInterrupted(signal)
  const plan = planSetup(situation)
  if (isRefusal(plan)) throw refusalError(plan)
  if (plan.way !== 'uv') throw new Error('A plan for uv is one of uv.')
  const uv = await uvFor(project, plan, context)
  await removeRecord(project)
  const words = ['sync', '--project', folder, '--python', plan.python]
  await runFromCacheOrNetwork(uv, words, runOf(project, context), 'uv could not bring python/ up to date')
  const python = interpreterIn(join(folder, '.venv'))
  const made = await describePython(python, environment)
  if (isBroken(made)) throw broken(`${python}: ${made.problem}`, environment)
  terminal.done(`Python ${pythonVersion(made)} in python/.venv, as python/uv.lock says`)
  const version = made.packages['mlx-app']
  if (version === null) throw unfit('python/pyproject.toml does not depend on mlx-app', environment)
  if (release !== undefined && version !== release.version) {
    throw unfit(
      `python/pyproject.toml brings mlx-app ${version}, and the npm package has version ${release.version}`,
      environment,
    )
  }
  const verdict = await verify(python, project.config.device, environment)
  await throwIfInterrupted(signal)
  if ('problem' in verdict) throw broken(`MLX does not work in python/.venv: ${verdict.problem}`, environment)
  terminal.done(describeMlx(verdict))
  const lock = hashProjectLock(folder)
  const upToDate = record?.way === 'project' && record.lock === lock
  if (!upToDate) {
    const start = await warmUp(python, project, environment)
    await throwIfInterrupted(signal)
    if ('problem' in start)
      throw broken(`mlx-lm does not work in python/.venv: ${start.problem}`, environment)
    if (start.worker !== undefined) terminal.note(`The worker does not start: ${start.worker}`)
  }
  const { version: ofPackage } = installed()
  await writeRecord(project, {
    way: 'project',
    python,
    lock,
    ...(ofPackage !== undefined && { version: ofPackage }),
  })
  return { python, upToDate }
}

function refuseFlags({ cuda, vision, way }: SetupOptions): void {
  const extra = vision ? '"mlx-app[vision]"' : cuda ? '"mlx[cuda12]"' : undefined
  if (extra !== undefined) {
    throw new EngineError('INVALID_REQUEST', 'The packages of this app are those of python/pyproject.toml.', {
      hint: `Add it to the project: uv add --project python ${extra}`,
    })
  }
  if (way === 'pip') {
    throw new EngineError('INVALID_REQUEST', 'python/ is a project of uv, which pip can not set up.', {
      hint: 'Leave --env out: uv is fetched by pip where it is missing',
    })
  }
}

/** SHA-256 (hex) over what decides which packages there are. */
export function hashProjectLock(folder: string): string {
  const hash = createHash('sha256')
  for (const name of ['pyproject.toml', 'uv.lock']) hash.update(readFileSync(join(folder, name)))
  return hash.digest('hex')
}

function unfit(message: string, environment: NodeJS.ProcessEnv): EngineError {
  const wanted = release === undefined ? 'mlx-app' : `mlx-app==${release.version}`
  return new EngineError('SETUP_NEEDED', `${message}.`, {
    hint: `Name "${wanted}" in python/pyproject.toml, then run: ${scriptCommand('setup', environment)}`,
  })
}

function broken(message: string, environment: NodeJS.ProcessEnv): EngineError {
  return new EngineError('MLX_NOT_WORKING', message, {
    hint: `Delete python/.venv, then run: ${scriptCommand('setup', environment)}`,
  })
}
