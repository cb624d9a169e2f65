/** A Vitest reporter that lists the tests that were skipped for a reason at the end of a run. */
import type { Reporter, TestCase, TestModule } from 'vitest/node'

export class SkippedTestsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const namesOf = new Map<string, string[]>()
    for (const module of modules) {
      for (const test of module.children.allTests('skipped')) {
        const reason = reasonOf(test)
        if (reason === undefined) continue
        const names = namesOf.get(reason) ?? []
        namesOf.set(reason, [...names, `${module.relativeModuleId} > ${test.fullName}`])
      }
    }
    const lines = skippedTestLines(namesOf)
    if (lines.length > 0) console.log(['', ...lines, ''].join('\n'))
  }
}

/** Returns lines that list skipped tests by reason, or none if there are no skipped tests. */
function skippedTestLines(namesOf: ReadonlyMap<string, readonly string[]>): string[] {
  const count = [...namesOf.values()].flat().length
  if (count === 0) return []
  const groups = [...namesOf].flatMap(([reason, names]) => [
    `  ${reason}: ${names.length}`,
    ...names.map((name) => `    ${name}`),
  ])
  return [`Skipped: ${count} ${count === 1 ? 'test' : 'tests'}`, ...groups]
}

function reasonOf(test: TestCase): string | undefined {
  const result = test.result()
  return test.meta().skipReason ?? (result.state === 'skipped' ? result.note : undefined)
}
