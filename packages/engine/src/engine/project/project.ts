import { existsSync, readFileSync } from 'node:fs'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import * as z from 'zod'
import { pythonSource } from '../../package-files.ts'
import { type Release, release } from '../../release.ts'
import { resourceShape } from '../check-options.ts'
import { EngineError } from '../errors.ts'
import { configName, environmentFolders, findRoot } from './project-root.ts'
import { scriptCommand } from './script-command.ts'

const configSchema = z.strictObject({
  $schema: z.string().optional(),
  /** The model that is used where a call names none: `hello`, a folder under `models`, a Hugging Face id, or a path. */
  model: z.string().min(1).default('hello'),
  /** Pins the model to a branch, tag or commit of its Hugging Face repository. */
  revision: z.string().min(1).optional(),
  device: z.enum(['auto', 'gpu', 'cpu']).default('auto'),
  /** Folder of the project's own models, relative to this file. */
  models: z.string().default('models'),
  ...resourceShape,
})

/** What mlx.config.json sets, with its defaults. */
export type ProjectConfig = z.infer<typeof configSchema>

/** Where the parts of the project lie; every path is absolute. */
export interface Project {
  root: string
  /** Why this folder is the project, in words for the doctor. */
  reason: string
  config: ProjectConfig
  modelsDirectory: string
  /** The virtual environment that the set-up makes. */
  virtualEnvironment: string
  /** What the set-up wrote down about this machine; see `EnvironmentRecord`. */
  environmentFile: string
}

export const environmentRecordSchema = z.object({
  /** By uv or pip in an environment of its own, an interpreter as it is, or the app's own uv project in `python/`. */
  way: z.enum(['uv', 'pip', 'existing', 'project']),
  /** The interpreter: absolute, or relative to the folder that `.mlx` is in. */
  python: z.string().min(1),
  /** The set of packages that was installed. */
  set: z.string().optional(),
  /** SHA-256 (hex) of the lock files that were installed. */
  lock: z.string().optional(),
  /** Version of the package that made it. */
  version: z.string().optional(),
  /** SHA-256 (hex) of the wheel that was installed. */
  wheel: z.string().optional(),
  /** A folder with the Python code for an interpreter that nothing is installed into, relative as `python` is. */
  site: z.string().optional(),
})

export type EnvironmentRecord = z.infer<typeof environmentRecordSchema>

/** A Python that can run the worker. */
export interface Interpreter {
  /** Its path, or a name on the PATH. */
  python: string
  /** Where the choice came from: an environment variable, the record of the set-up, or the virtual environment. */
  source: string
  /** Folder with the Python code, for PYTHONPATH, where the interpreter has it not installed. */
  site?: string | undefined
}

/**
 * Finds the project and reads its mlx.config.json, if there is one; see `findRoot`. The environment variables MLX_MODEL and
 * MLX_DEVICE take the place of the file's model and device.
 *
 * @param from a folder in the project.
 * @throws EngineError INVALID_REQUEST when mlx.config.json is wrong.
 */
export function findProject(from?: string): Project {
  const { root, reason } = findRoot(from)
  const config = readConfig(join(root, configName))
  const folders = environmentFolders(root).map((folder) => join(folder, '.mlx'))
  const recorded = folders.find((folder) => existsSync(join(folder, recordName)))
  const folder = recorded ?? join(root, '.mlx')
  return {
    root,
    reason,
    config,
    modelsDirectory: resolve(root, config.models),
    virtualEnvironment: join(folder, 'venv'),
    environmentFile: join(folder, recordName),
  }
}

const recordName = 'environment.json'

function readConfig(path: string): ProjectConfig {
  let value: unknown
  try {
    value = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {}
  } catch (cause) {
    throw new EngineError('INVALID_REQUEST', `${path} is not valid JSON.`, { cause })
  }
  const parsed = configSchema.safeParse(value)
  if (!parsed.success) {
    throw new EngineError('INVALID_REQUEST', `${path}: ${z.prettifyError(parsed.error)}`)
  }
  const { MLX_MODEL: model, MLX_DEVICE } = process.env
  const device = MLX_DEVICE ? deviceOf(MLX_DEVICE) : parsed.data.device
  const { revision, ...config } = { ...parsed.data, device }
  if (model) return { ...config, model }
  // The revision is one of the model in the file.
  return revision === undefined ? config : { ...config, revision }
}

function deviceOf(name: string): ProjectConfig['device'] {
  const { data } = configSchema.shape.device.safeParse(name)
  if (data === undefined) {
    throw new EngineError('INVALID_REQUEST', `MLX_DEVICE is "${name}": it can be auto, gpu or cpu.`)
  }
  return data
}

/** Path of the interpreter inside a virtual environment of this system. */
export function interpreterIn(
  virtualEnvironment: string,
  platform: NodeJS.Platform = process.platform,
): string {
  return platform === 'win32'
    ? join(virtualEnvironment, 'Scripts', 'python.exe')
    : join(virtualEnvironment, 'bin', 'python')
}

/**
 * Chooses the Python that runs the worker: MLX_PYTHON, its older name MLX_SERVING_PYTHON_PATH, or what the set-up
 * recorded.
 *
 * @throws EngineError PYTHON_NOT_FOUND when the one that was named does not exist, SETUP_NEEDED when there is none, or
 * when another version of this package made it.
 */
export function findInterpreter(project: Project, environment: NodeJS.ProcessEnv = process.env): Interpreter {
  const record = readEnvironmentRecord(project)
  const site = record?.site === undefined ? undefined : fromRecord(project, record.site)
  for (const variable of ['MLX_PYTHON', 'MLX_SERVING_PYTHON_PATH']) {
    const python = environment[variable]
    if (python) return { ...existing(python, variable), site: pythonSource ?? site }
  }
  const needed = (reason: string) =>
    new EngineError('SETUP_NEEDED', reason, { hint: `Run: ${scriptCommand('setup')}` })
  if (record === undefined) throw needed(`The Python environment of ${project.root} is not set up.`)
  const python = fromRecord(project, record.python)
  if (!existsSync(python)) throw needed(`The Python of the last set-up is gone: ${python}.`)
  const outdated = release === undefined ? undefined : outdatedBy(record, release)
  if (outdated !== undefined) throw needed(outdated)
  return { python, source: 'the set-up', site: pythonSource ?? site }
}

/** A path of the record, which is relative to the folder that `.mlx` is in where it lies inside of that. */
export function fromRecord(project: Project, path: string): string {
  return isAbsolute(path) ? path : join(dirname(dirname(project.environmentFile)), path)
}

/** Why an environment is not the one of this release; undefined where it is. */
function outdatedBy(record: EnvironmentRecord, { version, wheel, locks }: Release): string | undefined {
  if (record.version !== version) {
    return `The Python environment was set up by mlx-app ${record.version ?? 'of another version'}, and this is ${version}.`
  }
  if (record.wheel !== undefined && record.wheel !== wheel.sha256) {
    return `The Python environment was set up by another build of mlx-app ${version}.`
  }
  // What a project of the user's own needs is the user's.
  if (record.way !== 'project' && record.lock !== undefined && record.lock !== locks[record.set ?? 'plain']) {
    return 'The Python environment has other packages than this version of mlx-app needs.'
  }
  return undefined
}

function existing(python: string, variable: string): Interpreter {
  // A bare name such as python3 is looked up on the PATH when the worker starts.
  if ((python.includes('/') || python.includes('\\')) && !existsSync(python)) {
    throw new EngineError('PYTHON_NOT_FOUND', `${variable} names ${python}, which does not exist.`, {
      hint: `Correct ${variable}, or unset it and run: ${scriptCommand('setup')}`,
    })
  }
  return { python, source: variable }
}

/** What the last set-up recorded; undefined when there was none or the file can't be understood. */
export function readEnvironmentRecord(project: Project): EnvironmentRecord | undefined {
  if (!existsSync(project.environmentFile)) return undefined
  try {
    return environmentRecordSchema.parse(JSON.parse(readFileSync(project.environmentFile, 'utf8')))
  } catch {
    // Half written or from another version: as good as none, setup writes it anew.
    return undefined
  }
}
