import { createEngine, type Engine, EngineError, type ModelDescription } from '../../engine/index.ts'
import { findInterpreter, findProject, type Interpreter, type Project } from '../../engine/project/index.ts'
import { type MlxReport, verify } from '../environment/mlx-check.ts'
import { isHubModelId } from '../models/missing-model.ts'
import { childEnvironment } from '../process/child-process.ts'

/** How long the hub has to say what a model is. */
const hubMs = 5_000

/** What a check found. */
export interface Finding {
  /** Undefined: nothing to judge here. */
  good: boolean | undefined
  detail: string
  /** What to do when it is not good; a command where there is one. */
  mend?: string | undefined
}

export interface Check {
  name: string
  /** Names of checks without which this one would only fail once more. */
  needs: string[]
  run(findings: CheckContext): Finding | Promise<Finding>
}

/** What several checks look at, each looked up once and only when a check asks. */
export class CheckContext implements AsyncDisposable {
  readonly environment = childEnvironment()
  #project: Project | undefined
  #verdict: Promise<MlxReport | { problem: string }> | undefined
  #engine: Promise<Engine> | undefined
  #missing: Promise<ModelDescription | undefined> | undefined

  /** @throws EngineError INVALID_REQUEST when there is none, or its config is wrong. */
  get project(): Project {
    this.#project ??= findProject()
    return this.#project
  }

  /** @throws EngineError SETUP_NEEDED, PYTHON_NOT_FOUND */
  get interpreter(): Interpreter {
    return findInterpreter(this.project, this.environment)
  }

  verdict(): Promise<MlxReport | { problem: string }> {
    this.#verdict ??= verify(this.interpreter.python, this.project.config.device, this.environment)
    return this.#verdict
  }

  engine(): Promise<Engine> {
    this.#engine ??= createEngine()
    return this.#engine
  }

  /**
   * What the hub says of the configured model, where that is one of the hub and not on disk; undefined where it is, or
   * where the hub says nothing within seconds: a doctor works offline too.
   */
  missing(): Promise<ModelDescription | undefined> {
    this.#missing ??= this.#describeMissingModel()
    return this.#missing
  }

  async #describeMissingModel(): Promise<ModelDescription | undefined> {
    const { model } = this.project.config
    const engine = await this.engine()
    if (!isHubModelId(model) || (await engine.models()).some((found) => found.model === model))
      return undefined
    try {
      return await engine.describeModel({ signal: AbortSignal.timeout(hubMs) })
    } catch (error) {
      // Whatever the hub's reason is: that the model is missing is told all the same.
      if (EngineError.isInstance(error)) return undefined
      throw error
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // An engine that did not start has already been reported by the check that asked for it.
    const engine = await this.#engine?.catch(() => undefined)
    await engine?.dispose()
  }
}

/** The outcome of a check, as `--json` gives it. */
export interface Result {
  name: string
  /** null: not judged. */
  good: boolean | null
  detail: string
  mend?: string
}

/** Runs the checks in their order. What they throw becomes a finding: a doctor does not fall ill itself. */
export async function runChecks(
  checks: Check[],
  findings: CheckContext,
  onResult: (result: Result) => void,
): Promise<Result[]> {
  const results: Result[] = []
  for (const check of checks) {
    const lacking = check.needs.find((name) => results.some((result) => result.name === name && !result.good))
    const finding =
      lacking === undefined
        ? await findingOf(check, findings)
        : { good: undefined, detail: `needs: ${lacking}` }
    const result: Result = { name: check.name, good: finding.good ?? null, detail: finding.detail }
    if (finding.good === false && finding.mend !== undefined) result.mend = finding.mend
    results.push(result)
    onResult(result)
  }
  return results
}

async function findingOf(check: Check, findings: CheckContext): Promise<Finding> {
  try {
    return await check.run(findings)
  } catch (error) {
    if (EngineError.isInstance(error)) return { good: false, detail: error.message, mend: error.hint }
    return { good: false, detail: String(error) }
  }
}
