import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { scriptCommand, scriptWithArguments } from '../../engine/project/index.ts'
import { pythonDirectory } from '../../package-files.ts'
import { readRecord } from '../environment/environment-record.ts'
import { findPythonProject, hashProjectLock } from '../environment/python-project.ts'
import { findUv } from '../machine/find-programs.ts'
import { describePython, incompatibility, isBroken, pythonVersion } from '../machine/interpreter.ts'
import { lockedMlxLm, pythonFromVariable, uvFolder } from '../plan/inspect-machine.ts'
import { lockedVersion, lockHash } from '../plan/locks.ts'
import { ask } from '../process/child-process.ts'
import type { Check, Finding } from './check.ts'

export const python: Check = {
  name: 'Python',
  needs: ['project'],
  run: async ({ interpreter, environment }) => {
    const found = await describePython(interpreter.python, environment)
    const mend = fixForInterpreter(environment, scriptWithArguments('setup', '--fresh'))
    if (isBroken(found)) return { good: false, detail: `${interpreter.python}: ${found.problem}`, mend }
    const problem = incompatibility(found, process.platform)
    const detail = `${pythonVersion(found)} (${interpreter.python}, by ${interpreter.source})`
    return problem === undefined
      ? { good: true, detail }
      : { good: false, detail: `${detail}: ${problem}`, mend }
  },
}

export const uv: Check = {
  name: 'uv',
  needs: ['project'],
  run: async ({ project, environment }) => {
    const path = await findUv(environment, uvFolder(project))
    if (path === undefined)
      return { good: undefined, detail: 'not there; the set-up fetches one when it needs it' }
    const answer = await ask(path, ['--version'], environment, 20_000)
    return { good: true, detail: 'output' in answer ? `${answer.output.replace(/^uv /, '')}, ${path}` : path }
  },
}

export const mlx: Check = {
  name: 'MLX computes',
  needs: ['Python'],
  run: async (findings) => {
    const verdict = await findings.verdict()
    if ('problem' in verdict)
      return { good: false, detail: verdict.problem, mend: fixForInterpreter(findings.environment) }
    return { good: true, detail: `${verdict.mlx} on ${verdict.device}` }
  },
}

export const mlxLm: Check = {
  name: 'mlx-lm',
  needs: ['MLX computes'],
  run: async (findings) => {
    const verdict = await findings.verdict()
    if ('problem' in verdict) return { good: false, detail: verdict.problem }
    const locked = lockedMlxLm()
    return {
      good: verdict.mlxLm === locked,
      detail:
        verdict.mlxLm === locked ? `${locked}, as locked` : `${verdict.mlxLm}, and the lock names ${locked}`,
      mend: fixForInterpreter(findings.environment),
    }
  },
}

export const lock: Check = {
  name: 'lock',
  needs: ['Python'],
  run: ({ project, environment }) => {
    const variable = pythonFromVariable(environment)
    if (variable !== undefined) return { good: undefined, detail: `${variable.by} is used as it is` }
    const mend = scriptCommand('setup')
    if (!existsSync(project.environmentFile))
      return { good: false, detail: 'the last set-up did not finish', mend }
    const record = readRecord(project)
    if (record === undefined) return { good: false, detail: 'the record of the set-up is damaged', mend }
    if (record.way === 'existing') return { good: undefined, detail: `${record.python} is used as it is` }
    const own = findPythonProject(project)
    const wanted = own === undefined ? lockHash(pythonDirectory, record.set ?? 'plain') : hashProjectLock(own)
    const current = record.lock === wanted
    return {
      good: current,
      detail: current ? 'installed as it stands' : 'changed since it was installed',
      mend,
    }
  },
}

export const vision: Check = {
  name: 'images, embeddings',
  needs: ['MLX computes'],
  run: async ({ interpreter, environment }) => {
    const path = join(pythonDirectory, 'requirements-vision.lock')
    const locked = existsSync(path) ? lockedVersion(readFileSync(path, 'utf8'), 'mlx-vlm') : undefined
    const asked = await ask(interpreter.python, ['-c', visionVersion], environment, 20_000)
    const found = 'output' in asked ? asked.output.trim() : ''
    return assessVision(
      found === '' ? undefined : found,
      locked,
      scriptWithArguments('setup', '--with vision'),
    )
  },
}

/** Prints the version of mlx-vlm, and nothing where there is none. */
const visionVersion = `
from importlib.metadata import PackageNotFoundError, version
try:
    print(version("mlx-vlm"))
except PackageNotFoundError:
    pass
`

/** An app may do without the extra: what is not there is not wrong, what is there has to be the one of the lock. */
export function assessVision(
  found: string | undefined,
  locked: string | undefined,
  command: string,
): Finding {
  if (found === undefined) return { good: undefined, detail: `not there, if you need them: ${command}` }
  if (found === locked) return { good: true, detail: `mlx-vlm ${found}, as locked` }
  return { good: false, detail: `mlx-vlm ${found}, and the lock names ${locked}`, mend: command }
}

/** What mends the environment: the set-up, but not of a Python that the user chose. */
function fixForInterpreter(environment: NodeJS.ProcessEnv, command = scriptCommand('setup')): string {
  const variable = pythonFromVariable(environment)
  if (variable === undefined) return command
  return `Unset ${variable.by} and run: ${scriptCommand('setup')} (or correct what it names)`
}
