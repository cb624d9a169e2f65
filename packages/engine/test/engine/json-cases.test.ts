/** Runs the cases of engine-cases/ on this engine. */
import { describe, expect, test } from 'vitest'
import { readCaseFiles } from './case-files.ts'
import { runCase } from './run-case.ts'
import { useEngine, useFolder } from './support.ts'

const shared = useEngine()
const folder = useFolder()
const files = readCaseFiles()

test('there are cases', () => {
  expect(files.flatMap(({ cases }) => cases).length).toBeGreaterThan(0)
})

for (const { name, sendsNothing, cases } of files) {
  describe(name, () => {
    for (const one of cases) {
      test(one.title, async () => {
        const { steps } = await shared.engine.status()
        await runCase(one, { engine: shared.engine, folder: folder.path })
        const after = await shared.engine.status()
        expect(after.crashes).toBe(0)
        if (sendsNothing) expect(after.steps).toBe(steps)
      })
    }
  })
}
