import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  pythonFromVariable,
  readEnvironmentRecord,
  scriptCommand,
  scriptWithArguments,
} from '../../engine/project/index.ts'
import { pythonDirectory } from '../../package-files.ts'
import { findPythonProject, hashProjectLock } from '../environment/python-project.ts'
import { findUv } from '../machine/find-programs.ts'
import { describePython, findIncompatibility, isBroken, pythonVersion } from '../machine/interpreter.ts'
import { lockedMlxLm, lockedVersion, lockHash, lockSetFor, parseLockSet } from '../plan/locks.ts'
import { runForOutput } from '../process/child-process.ts'
import type { Check, Finding } from './check.ts'

export const python: Check = {
  name: 'Python',
  needs: ['project'],
  run: async ({ interpreter, environment }) => {
    const found = await describePython(interpreter.python, environment)
    const fix = describeInterpreterFix(environment, scriptWithArguments('setup', '--fresh'))
    if (isBroken(found)) return { good: false, detail: `${interpreter.python}: ${found.problem}`, fix }
    const problem = findIncompatibility(found, process.platform)
    const detail = `${pythonVersion(found)} (${interpreter.python}, from ${interpreter.source})`
    return problem === undefined
      ? { good: true, detail }
      : { good: false, detail: `${detail}: ${problem}`, fix }
  },
}

export const uv: Check = {
  name: 'uv',
  needs: ['project'],
  run: async ({ project, environment }) => {
    const path = await findUv(project, environment)
    if (path === undefined) {
      return { good: undefined, detail: 'not installed; setup fetches it when it needs it' }
    }
    const result = await runForOutput(path, ['--version'], environment, 20_000)
    return { good: true, detail: 'output' in result ? `${result.output.replace(/^uv /, '')}, ${path}` : path }
  },
}

export const mlx: Check = {
  name: 'MLX',
  needs: ['Python'],
  run: async (context) => {
    const report = await context.mlx()
    if ('problem' in report) {
      return { good: false, detail: report.problem, fix: describeInterpreterFix(context.environment) }
    }
    return { good: true, detail: `${report.mlx} on the ${report.device.toUpperCase()}` }
  },
}

export const mlxLm: Check = {
  name: 'mlx-lm',
  needs: ['MLX'],
  run: async (context) => {
    const report = await context.mlx()
    if ('problem' in report) return { good: false, detail: report.problem }
    const locked = lockedMlxLm()
    return {
      ...compareWithLock(report.mlxLm, locked),
      fix: describeInterpreterFix(context.environment),
    }
  },
}

export const lock: Check = {
  name: 'lock',
  needs: ['Python'],
  run: ({ project, environment }) => {
    const variable = pythonFromVariable(environment)
    if (variable !== undefined) return { good: undefined, detail: `not used, because ${variable.by} is set` }
    const fix = scriptCommand('setup')
    if (!existsSync(project.environmentFile)) {
      return { good: false, detail: 'the last setup did not finish', fix }
    }
    const record = readEnvironmentRecord(project)
    if (record === undefined) return { good: false, detail: `${project.environmentFile} is damaged`, fix }
    if (record.method === 'existing') {
      return { good: undefined, detail: `not used, because setup uses the existing ${record.python}` }
    }
    const pythonProject = findPythonProject(project)
    const expected =
      pythonProject === undefined
        ? lockHash(pythonDirectory, lockSetFor(parseLockSet(record.set)))
        : hashProjectLock(pythonProject)
    const current = record.lock === expected
    return {
      good: current,
      detail: current ? 'the locked packages are installed' : 'changed since the packages were installed',
      fix,
    }
  },
}

export const vision: Check = {
  name: 'images, embeddings',
  needs: ['MLX'],
  run: async ({ interpreter, environment }) => {
    const path = join(pythonDirectory, 'requirements-vision.lock')
    const locked = existsSync(path) ? lockedVersion(readFileSync(path, 'utf8'), 'mlx-vlm') : undefined
    const result = await runForOutput(interpreter.python, ['-c', printVisionVersion], environment, 20_000)
    const found = 'output' in result ? result.output.trim() : ''
    return assessVision(
      found === '' ? undefined : found,
      locked,
      scriptWithArguments('setup', '--with vision'),
    )
  },
}

/** Prints the version of mlx-vlm, or nothing if it is not installed. */
const printVisionVersion = `
from importlib.metadata import PackageNotFoundError, version
try:
    print(version("mlx-vlm"))
except PackageNotFoundError:
    pass
`

/** Returns whether mlx-vlm has the locked version. It is optional, so a missing one is not a problem. */
export function assessVision(
  found: string | undefined,
  locked: string | undefined,
  command: string,
): Finding {
  if (found === undefined) return { good: undefined, detail: `not installed; to add them, run: ${command}` }
  const { good, detail } = compareWithLock(found, locked)
  return { good, detail: `mlx-vlm ${detail}`, ...(good ? {} : { fix: command }) }
}

function compareWithLock(found: string, locked: string | undefined): { good: boolean; detail: string } {
  const good = found === locked
  return { good, detail: good ? `${found}, as locked` : `${found}, but the lock has ${locked}` }
}

/** Returns how to fix the interpreter. Setup can do so, unless the user named another one. */
function describeInterpreterFix(environment: NodeJS.ProcessEnv, command = scriptCommand('setup')): string {
  const variable = pythonFromVariable(environment)
  if (variable === undefined) return command
  return `Unset ${variable.by} and run: ${scriptCommand('setup')} (or correct its value)`
}
