import { test } from 'vitest'
import { codeCases } from './cases.ts'
import { useEngine, useFolder } from './support.ts'

const shared = useEngine()
const folder = useFolder()

// The engine on this machine has all the capabilities that there are.
for (const { name, run } of codeCases) {
  test(name, () => run({ engine: shared.engine, folder: folder.path }))
}
