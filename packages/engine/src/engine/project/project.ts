import { existsSync, readFileSync } from 'node:fs'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import * as z from 'zod'
import { pythonSource } from '../../package-files.ts'
import { type Release, release } from '../../release.ts'
import { resourceShape } from '../check-options.ts'
import { EngineError } from '../errors.ts'
import { allAliases } from '../model-settings.ts'
import { configName, environmentFolders, findRoot } from './project-root.ts'
import { type NamedPython, pythonFromVariable } from './python-variables.ts'
import { scriptCommand } from './script-command.ts'

const configSchema = z.strictObject({
  $schema: z.string().optional(),
  /** The model of calls that name none: `hello`, a folder under `models`, a Hugging Face ID, or a path. */
  model: z.string().min(1).default('hello'),
  /** The branch, tag or commit of the model's Hugging Face repository. */
  revision: z.string().min(1).optional(),
  device: z.enum(['auto', 'gpu', 'cpu']).default('auto'),
  /** The folder of the project's own models, relative to this file. */
  models: z.string().default('models'),
  ...resourceShape,
})

/** The content of mlx.config.json, with its defaults. */
export type ProjectConfig = z.infer<typeof configSchema>

/** A project and the paths of its parts. Every path is absolute. */
export interface Project {
  root: string
  /** Why this folder is the project, for the doctor. */
  reason: string
  config: ProjectConfig
  modelsDirectory: string
  /** The virtual environment that the setup creates. */
  virtualEnvironment: string
  /** The file with the `EnvironmentRecord` of the setup. */
  environmentFile: string
}

const environmentRecordSchema = z.object({
  /** An environment created with uv or pip, an existing interpreter, or the app's own uv project in `python/`. */
  method: z.enum(['uv', 'pip', 'existing', 'project']),
  /** The path of the interpreter, absolute or relative to the folder that `.mlx` is in. */
  python: z.string().min(1),
  /** The name of the set of packages that is installed. */
  set: z.string().optional(),
  /** SHA-256 (hex) of the installed lock files. */
  lock: z.string().optional(),
  /** The version of the package that made the environment. */
  version: z.string().optional(),
  /** SHA-256 (hex) of the installed wheel. */
  wheel: z.string().optional(),
  /** A folder with the Python code, if it isn't installed; absolute or relative like `python`. */
  site: z.string().optional(),
})

export type EnvironmentRecord = z.infer<typeof environmentRecordSchema>

/** A Python that can run the worker. */
export interface Interpreter {
  /** The interpreter's path, or a name on the PATH. */
  python: string
  /** Where the choice comes from: the name of an environment variable, or the setup. */
  source: string
  /** A folder with the Python code for PYTHONPATH, if it isn't installed. */
  site?: string | undefined
  /** Whether the site has all packages, so that nothing else is on the path and nothing is written there. */
  vendored?: boolean
}

/**
 * Finds the project (see `findRoot`) and reads its mlx.config.json, if there is one. The environment variables MLX_MODEL
 * and MLX_DEVICE override the file's model and device.
 *
 * @param from a folder in the project
 * @throws EngineError INVALID_REQUEST if mlx.config.json is not valid.
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
  parsed.data.aliases = allAliases(parsed.data)
  const { MLX_MODEL: model, MLX_DEVICE } = process.env
  const device = MLX_DEVICE ? deviceOf(MLX_DEVICE) : parsed.data.device
  const { revision, ...config } = { ...parsed.data, device }
  if (model) return { ...config, model }
  // The revision belongs to the model of the file.
  return revision === undefined ? config : { ...config, revision }
}

function deviceOf(name: string): ProjectConfig['device'] {
  const { data } = configSchema.shape.device.safeParse(name)
  if (data === undefined) {
    throw new EngineError('INVALID_REQUEST', `MLX_DEVICE is "${name}", but must be auto, gpu or cpu.`)
  }
  return data
}

/** Returns the path of the interpreter in a virtual environment. */
export function interpreterIn(virtualEnvironment: string): string {
  return process.platform === 'win32'
    ? join(virtualEnvironment, 'Scripts', 'python.exe')
    : join(virtualEnvironment, 'bin', 'python')
}

/**
 * Returns the Python that runs the worker: MLX_PYTHON, its older name MLX_SERVING_PYTHON_PATH, or the one that the setup
 * recorded.
 *
 * @throws EngineError PYTHON_NOT_FOUND if the one in the variable does not exist; SETUP_NEEDED if there is none, or if
 * another version of this package set it up.
 */
export function findInterpreter(project: Project, environment: NodeJS.ProcessEnv = process.env): Interpreter {
  const record = readEnvironmentRecord(project)
  const site = record?.site
  const variable = pythonFromVariable(environment)
  if (variable !== undefined) return { ...existing(variable), site: pythonSource ?? site }
  const needed = (reason: string) =>
    new EngineError('SETUP_NEEDED', reason, { hint: `Run: ${scriptCommand('setup')}` })
  if (record === undefined) throw needed(`The Python environment of ${project.root} is not set up.`)
  const { python } = record
  if (!existsSync(python)) throw needed(`The Python of the last setup does not exist anymore: ${python}.`)
  const outdated = release === undefined ? undefined : outdatedBy(record, release)
  if (outdated !== undefined) throw needed(outdated)
  return { python, source: 'the setup', site: pythonSource ?? site }
}

/** Returns why an environment does not belong to this release, or undefined if it does. */
function outdatedBy(record: EnvironmentRecord, { version, wheel, locks }: Release): string | undefined {
  if (record.version !== version) {
    return `The Python environment was set up by ${record.version === undefined ? 'another version of mlx-app' : `mlx-app ${record.version}`}, and this is ${version}.`
  }
  if (record.wheel !== undefined && record.wheel !== wheel.sha256) {
    return `The Python environment was set up by another build of mlx-app ${version}.`
  }
  // The user decides what a uv project of their own needs.
  if (
    record.method !== 'project' &&
    record.lock !== undefined &&
    record.lock !== locks[record.set ?? 'plain']
  ) {
    return 'The Python environment does not have the packages that this version of mlx-app needs.'
  }
  return undefined
}

function existing({ by, path }: NamedPython): Interpreter {
  // A name without a folder, such as python3, is looked up on the PATH when the worker starts.
  if ((path.includes('/') || path.includes('\\')) && !existsSync(path)) {
    throw new EngineError('PYTHON_NOT_FOUND', `${by} is ${path}, which does not exist.`, {
      hint: `Correct ${by}, or unset it and run: ${scriptCommand('setup')}`,
    })
  }
  return { python: path, source: by }
}

/** Returns what the last setup recorded, with absolute paths, or undefined if there is no valid record. */
export function readEnvironmentRecord(project: Project): EnvironmentRecord | undefined {
  if (!existsSync(project.environmentFile)) return undefined
  try {
    const record = environmentRecordSchema.parse(JSON.parse(readFileSync(project.environmentFile, 'utf8')))
    const folder = dirname(dirname(project.environmentFile))
    const absolute = (path: string) => (isAbsolute(path) ? path : join(folder, path))
    return {
      ...record,
      python: absolute(record.python),
      ...(record.site !== undefined && { site: absolute(record.site) }),
    }
  } catch {
    // It is incomplete or from another version. The setup writes a new one.
    return undefined
  }
}
