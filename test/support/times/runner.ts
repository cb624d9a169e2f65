/**
 * Runs tests as Vitest does, and records in their `meta` the duration and the time limit of each test and hook. Reporters only get
 * the duration of a test with its hooks, and no limits.
 */
import { type RunnerTestCase, type RunnerTestSuite, TestRunner } from 'vitest'

/** The duration of a test function or hook. */
export interface Measured {
  what: 'test' | 'beforeAll' | 'afterAll' | 'beforeEach' | 'clean-up'
  ms: number
  /** The time limit, or 0 if there is none. */
  limitMs: number
}

declare module 'vitest' {
  interface TaskMeta {
    measured?: Measured[]
  }
}

/** The property in which Vitest keeps the limit of a `beforeAll` or `beforeEach` for the function that it may return. */
const limitOfHook = Symbol.for('VITEST_CLEANUP_TIMEOUT')

/** The real clock, which tests may replace. */
const now = performance.now.bind(performance)

export default class MeasuringRunner extends TestRunner {
  #finished = new WeakMap<RunnerTestCase, number>()

  override async onBeforeRunSuite(suite: RunnerTestSuite): Promise<void> {
    await super.onBeforeRunSuite(suite)
    const hooks = TestRunner.getSuiteHooks(suite)
    hooks.beforeAll = hooks.beforeAll.map((hook) => this.#measuring(suite, 'beforeAll', hook))
    hooks.beforeEach = hooks.beforeEach.map((hook) => this.#measuring(suite, 'beforeEach', hook))
    hooks.afterAll = hooks.afterAll.map((hook) => this.#measuring(suite, 'afterAll', hook))
  }

  async runTask(test: RunnerTestCase): Promise<void> {
    const started = now()
    try {
      await TestRunner.getTestFn(test)()
    } finally {
      note(test, 'test', now() - started, test.timeout)
    }
  }

  onTaskFinished(test: RunnerTestCase): void {
    this.#finished.set(test, now())
  }

  /** Records `afterEach` and `onTestFinished`, which together are compared with the limit of one. */
  onAfterRetryTask(test: RunnerTestCase): void {
    const finished = this.#finished.get(test)
    if (finished !== undefined) note(test, 'clean-up', now() - finished, this.config.hookTimeout)
  }

  /** Returns a hook that records its duration. Vitest does not expose the limit of a single `afterAll`. */
  #measuring<Arguments extends unknown[], Result>(
    suite: RunnerTestSuite,
    what: Measured['what'],
    hook: (...given: Arguments) => Result,
  ): (...given: Arguments) => Promise<Awaited<Result>> {
    const own: unknown = Reflect.get(hook, limitOfHook)
    const limitMs = typeof own === 'number' ? own : this.config.hookTimeout
    const measuring = async (...given: Arguments): Promise<Awaited<Result>> => {
      const started = now()
      try {
        return await hook(...given)
      } finally {
        note(suite, what, now() - started, limitMs)
      }
    }
    return Object.assign(measuring, hook)
  }
}

function note(
  task: RunnerTestCase | RunnerTestSuite,
  what: Measured['what'],
  ms: number,
  limitMs: number,
): void {
  task.meta.measured ??= []
  task.meta.measured.push({ what, ms, limitMs: Number.isFinite(limitMs) ? limitMs : 0 })
}
