import { expect, test } from 'vitest'
import { createEngine } from '../../src/engine/index.ts'
import { useMlxLmServer } from './mlx-lm-server.ts'
import { portableCases } from './portable-cases.ts'
import { useFolder } from './support.ts'

const folder = useFolder()
const server = useMlxLmServer(folder.path, 2)

const chosen = [
  'answers a second turn, after a system message',
  'answers many calls at once, each with its own text',
  'calls a tool, and answers with its result',
]

test.each(chosen)('a model sharded over two ranks %s', async (name) => {
  const found = portableCases.find((one) => one.name === name)
  if (found === undefined) throw new Error(`There is no case "${name}".`)
  await using engine = await createEngine({ baseUrl: server.baseUrl, server: 'mlx-lm' })
  await found.run({ engine, folder: folder.path })
  expect((await engine.status()).active).toBe(0)
})
