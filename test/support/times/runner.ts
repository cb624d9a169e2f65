/**
 * Runs tests as Vitest does, and notes in their `meta` what each test and each hook took and the limit that it ran
 * under: reporters are told the duration of a test with its hooks, and no limit at all.
 */
import { type RunnerTestCase, type RunnerTestSuite, TestRunner } from 'vitest'

/** What a test function or a hook took. */
export interface Measured {
  what: 'test' | 'beforeAll' | 'afterAll' | 'beforeEach' | 'clean-up'
  ms: number
  /** 0 for none. */
  limitMs: number
}

declare module 'vitest' {
  interface TaskMeta {
    measured?: Measured[]
  }
}

/** Where Vitest keeps the limit of a `beforeAll` or `beforeEach`, for the function that it may return. */
const limitOfHook = Symbol.for('VITEST_CLEANUP_TIMEOUT')

/** Tests may replace the clock. */
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

  /** `afterEach` and `onTestFinished` have run: all of them together are held against the limit of one. */
  onAfterRetryTask(test: RunnerTestCase): void {
    const finished = this.#finished.get(test)
    if (finished !== undefined) note(test, 'clean-up', now() - finished, this.config.hookTimeout)
  }

  /** A hook that notes what it took. Vitest shows no limit that was given to a single `afterAll`. */
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
