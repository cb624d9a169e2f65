import {
  createEngine,
  type Engine,
  EngineError,
  type ModelDescription,
  type ModelOnDisk,
} from '../../engine/index.ts'
import {
  findInterpreter,
  findProject,
  type Interpreter,
  modelFolder,
  type Project,
} from '../../engine/project/index.ts'
import { checkMlx, type MlxReport } from '../environment/mlx-check.ts'
import { isHubModelId } from '../models/hub-cache.ts'
import { childEnvironment } from '../process/child-process.ts'

/** How long a check waits for the hub to describe a model. */
const hubTimeoutMs = 5_000

/** What a check found. */
export interface Finding {
  /** Undefined if the check doesn't apply. */
  good: boolean | undefined
  detail: string
  /** How to fix the problem, if possible as a command. */
  fix?: string | undefined
}

export interface Check {
  name: string
  /** The names of checks that must pass before this one can. */
  needs: string[]
  run(context: CheckContext): Finding | Promise<Finding>
}

/** What the checks share. Each part is looked up only once, when a check first needs it. */
export class CheckContext implements AsyncDisposable {
  readonly environment = childEnvironment()
  #project: Project | undefined
  #mlx: Promise<MlxReport | { problem: string }> | undefined
  #engine: Promise<Engine> | undefined
  #models: Promise<ModelOnDisk[]> | undefined
  #missingModel: Promise<ModelDescription | undefined> | undefined

  /** @throws EngineError INVALID_REQUEST if mlx.config.json is invalid. */
  get project(): Project {
    this.#project ??= findProject()
    return this.#project
  }

  /** @throws EngineError SETUP_NEEDED, PYTHON_NOT_FOUND */
  get interpreter(): Interpreter {
    return findInterpreter(this.project, this.environment)
  }

  /** Returns the result of a computation with MLX. */
  mlx(): Promise<MlxReport | { problem: string }> {
    this.#mlx ??= checkMlx(this.interpreter.python, this.project.config.device, this.environment)
    return this.#mlx
  }

  engine(): Promise<Engine> {
    this.#engine ??= createEngine()
    return this.#engine
  }

  /** Returns the models on disk. */
  models(): Promise<ModelOnDisk[]> {
    this.#models ??= this.engine().then((engine) => engine.models())
    return this.#models
  }

  /** Returns the configured model, or undefined if it is not on disk. */
  async configuredModel(): Promise<ModelOnDisk | undefined> {
    const { root, config } = this.project
    const folder = modelFolder(config.model, root)
    return (await this.models()).find(({ model, path }) => path === folder || model === config.model)
  }

  /**
   * Returns the hub's description of the configured model if that is missing. It is undefined if the model is on disk
   * or the hub doesn't respond within seconds, because the doctor also works offline.
   */
  missingModel(): Promise<ModelDescription | undefined> {
    this.#missingModel ??= this.#describeMissingModel()
    return this.#missingModel
  }

  async #describeMissingModel(): Promise<ModelDescription | undefined> {
    const { model } = this.project.config
    if (!isHubModelId(model) || (await this.configuredModel()) !== undefined) return undefined
    const engine = await this.engine()
    try {
      return await engine.describeModel({ signal: AbortSignal.timeout(hubTimeoutMs) })
    } catch (error) {
      // The check reports the missing model even without its description.
      if (EngineError.isInstance(error)) return undefined
      throw error
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The check that needed the engine has already reported why it didn't start.
    const engine = await this.#engine?.catch(() => undefined)
    await engine?.dispose()
  }
}

/** The result of a check, as `--json` prints it. */
export interface CheckResult {
  name: string
  /** null if the check doesn't apply. */
  good: boolean | null
  detail: string
  /** How to fix the problem. */
  fix?: string
}

/** Runs the checks in order. An error in a check becomes its result, so that the other checks still run. */
export async function runChecks(
  checks: Check[],
  context: CheckContext,
  onResult: (result: CheckResult) => void,
): Promise<CheckResult[]> {
  const results: CheckResult[] = []
  for (const check of checks) {
    const failed = check.needs.find((name) => results.some((result) => result.name === name && !result.good))
    const finding =
      failed === undefined
        ? await runCheck(check, context)
        : { good: undefined, detail: `skipped: it needs ${failed}` }
    const result: CheckResult = { name: check.name, good: finding.good ?? null, detail: finding.detail }
    if (finding.good === false && finding.fix !== undefined) result.fix = finding.fix
    results.push(result)
    onResult(result)
  }
  return results
}

async function runCheck(check: Check, context: CheckContext): Promise<Finding> {
  try {
    return await check.run(context)
  } catch (error) {
    if (EngineError.isInstance(error)) return { good: false, detail: error.message, fix: error.hint }
    return { good: false, detail: String(error) }
  }
}
