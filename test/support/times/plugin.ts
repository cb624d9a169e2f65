/** Records the durations of tests and hooks in each run of a Vitest project, with any reporters. */
import { writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Reporter, TestCase, TestModule, TestSuite, Vite } from 'vitest/node'
import { newRunFile, type Timed, type TimedRun } from './records.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const runner = fileURLToPath(new URL('runner.ts', import.meta.url))

/** Returns a plugin for one or more projects. @param folder the folder for records. The default is .cache/test-times. */
export function recordTimes(folder?: string): Vite.Plugin {
  const reporter = timesReporter(folder)
  return {
    name: 'record-times',
    config: () => ({ test: { runner, onStackTrace: (_, frame) => frame.file !== runner } }),
    // Added here, because a list in the configuration would replace Vitest's default reporters.
    configureVitest: ({ vitest }) => {
      if (!vitest.config.reporters.includes(reporter)) vitest.config.reporters.push(reporter)
    },
  }
}

function timesReporter(folder?: string): Reporter {
  let startedAt = new Date()
  return {
    onTestRunStart: () => {
      startedAt = new Date()
    },
    onTestRunEnd: (modules) => {
      for (const project of new Set(modules.map((module) => module.project.name))) {
        const run: TimedRun = {
          project,
          startedAt: startedAt.toISOString(),
          timed: modules
            .filter((module) => module.project.name === project)
            .flatMap((module) => timedIn(module)),
        }
        writeFileSync(newRunFile(project, startedAt, folder), JSON.stringify(run))
      }
    },
  }
}

function timedIn(module: TestModule): Timed[] {
  const file = relative(root, module.moduleId)
  const tasks: (TestModule | TestSuite | TestCase)[] = [
    module,
    ...module.children.allSuites(),
    ...module.children.allTests(),
  ]
  return tasks.flatMap((task) => {
    const fullName = task.type === 'module' ? '' : task.fullName
    return (task.meta().measured ?? []).map(({ what, ms, limitMs }) => ({
      file,
      name: what === 'test' ? fullName : `${fullName} (${what})`.trim(),
      ms: Math.round(ms),
      limitMs,
    }))
  })
}
