import { existsSync, readFileSync } from 'node:fs'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as z from 'zod'
import { EngineError } from './errors.ts'
import { resourceShape } from './options.ts'
import { scriptCommand } from './script-command.ts'

export { keepLoopbackDirect, networkEnvironment } from './network-environment.ts'
export { scriptCommand, scriptWithArguments } from './script-command.ts'

const configName = 'mlx.config.json'

const configSchema = z.strictObject({
  $schema: z.string().optional(),
  /** The model that is used where a call names none: a folder under `models`, a Hugging Face id, or a path. */
  model: z.string().min(1),
  /** Pins the model to a branch, tag or commit of its Hugging Face repository. */
  revision: z.string().min(1).optional(),
  device: z.enum(['auto', 'gpu', 'cpu']).default('auto'),
  /** Folder of the models that come with the project, relative to this file. */
  models: z.string().default('models'),
  /** Folder of the Python half, relative to this file. */
  python: z.string().default('python'),
  ...resourceShape,
})

export type ProjectConfig = z.infer<typeof configSchema>

/** Where the parts of the project lie; every path is absolute. */
export interface Project {
  root: string
  config: ProjectConfig
  modelsDirectory: string
  pythonDirectory: string
  /** Goes on PYTHONPATH. */
  pythonSource: string
  /** What `npm run setup` wrote down about this machine; see `EnvironmentRecord`. */
  environmentFile: string
}

export const environmentRecordSchema = z.object({
  way: z.enum(['uv', 'pip', 'existing']),
  /** The interpreter: absolute, or relative to the project's root. */
  python: z.string().min(1),
  /** SHA-256 (hex) of the lock file that was installed. */
  lock: z.string().optional(),
})

export type EnvironmentRecord = z.infer<typeof environmentRecordSchema>

export interface Interpreter {
  python: string
  /** Where the choice came from: an environment variable, the record of the set-up, or the virtual environment. */
  source: string
}

/**
 * Finds the project that a file belongs to: the nearest folder above it with an mlx.config.json.
 * It starts from this module, so that a bundle works from any working directory. The environment variables
 * MLX_MODEL and MLX_DEVICE take the place of the file's model and device.
 *
 * @throws EngineError INVALID_REQUEST when there is no such file above, or when it is wrong.
 */
export function findProject(from: string = dirname(fileURLToPath(import.meta.url))): Project {
  let root = resolve(from)
  while (!existsSync(join(root, configName))) {
    const parent = dirname(root)
    if (parent === root) {
      throw new EngineError('INVALID_REQUEST', `No ${configName} in ${from} or a folder above it.`, {
        hint: `Put a ${configName} beside package.json: { "model": "hello" }`,
      })
    }
    root = parent
  }
  const config = readConfig(join(root, configName))
  const pythonDirectory = resolve(root, config.python)
  return {
    root,
    config,
    modelsDirectory: resolve(root, config.models),
    pythonDirectory,
    pythonSource: join(pythonDirectory, 'src'),
    environmentFile: join(root, '.mlx', 'environment.json'),
  }
}

function readConfig(path: string): ProjectConfig {
  let value: unknown
  try {
    value = JSON.parse(readFileSync(path, 'utf8'))
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
 * Chooses the Python that runs the worker: MLX_PYTHON, its older name MLX_SERVING_PYTHON_PATH, what
 * `npm run setup` recorded, the project's virtual environment.
 *
 * @throws EngineError PYTHON_NOT_FOUND when the one that was named does not exist, SETUP_NEEDED when there is none.
 */
export function findInterpreter(project: Project, environment: NodeJS.ProcessEnv = process.env): Interpreter {
  for (const variable of ['MLX_PYTHON', 'MLX_SERVING_PYTHON_PATH']) {
    const python = environment[variable]
    if (python) return existing(python, variable)
  }
  const record = readEnvironmentRecord(project)
  if (record !== undefined) {
    const python = isAbsolute(record.python) ? record.python : join(project.root, record.python)
    if (existsSync(python)) return { python, source: 'the set-up' }
  }
  const python = interpreterIn(join(project.pythonDirectory, '.venv'))
  if (existsSync(python)) return { python, source: '.venv' }
  throw new EngineError('SETUP_NEEDED', 'The Python environment of this project is not set up.', {
    hint: `Run: ${scriptCommand('setup')}`,
  })
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
