import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createEngine } from '../../src/engine/index.ts'
import { findInterpreter, findProject } from '../../src/engine/project/index.ts'
import { answerTo, ask, useFolder, writeScript } from './support.ts'

const folder = useFolder()
const { python } = findInterpreter(findProject(import.meta.dirname))

/** An interpreter under a limit of its address space, or one that does something before. */
function wrapper(name: string, before: string): string {
  return writeScript(join(folder.path, name), `${before}\nexec '${python}' "$@"`)
}

/** Otherwise, malloc maps another 64 MB for some threads, at random. */
const oneArena = 'export MALLOC_ARENA_MAX=1'

/** Address space of a worker that has answered once, in bytes. */
async function usualBytes(): Promise<number> {
  await using engine = await createEngine({ device: 'cpu', python: wrapper('usual', oneArena) })
  await engine.complete({ ...ask('Say hello.'), model: 'hello' })
  const { pid } = await engine.status()
  const [, kilobytes] = /^VmPeak:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes) * 1024
}

test.runIf(process.platform === 'linux')(
  'a call that needs more memory than the process may use is refused, and the next call works',
  async () => {
    const kilobytes = Math.round((await usualBytes()) / 1024 + 100_000)
    await using engine = await createEngine({
      device: 'cpu',
      python: wrapper('limited', `${oneArena}; ulimit -v ${kilobytes}`),
      memoryLimitBytes: 1e12,
    })
    const messages = ask('word '.repeat(15_900)).messages
    const error = await engine
      .complete({ messages, model: 'hello', n: 32, maxTokens: 300, logitBias: { 2: -100 } })
      .then(() => undefined)
      .catch((reason: unknown) => reason)
    // MLX's CPU build would not survive an allocation that fails, so it must not come to one.
    expect(error).toMatchObject({
      code: 'OUT_OF_MEMORY',
      message: expect.stringMatching(/needs [\d.]+ [MG]B.*limit is [\d.]+ MB/),
      hint: expect.stringMatching(/prompt|maxTokens/),
    })
    expect((await engine.status()).crashes).toBe(0)
    expect((await engine.complete({ ...ask('Say hello.'), model: 'hello' })).text).toBe(
      answerTo('Say hello.'),
    )
  },
)

test('a process that the system kills for its memory is reported as such, with the numbers', async () => {
  // What Metal writes before it aborts: https://github.com/ml-explore/mlx, mlx/backend/metal/device.cpp.
  const words = '[METAL] Command buffer execution failed: Insufficient Memory (00000008)'
  const dying = createEngine({ python: wrapper('dying', `echo '${words}' >&2; kill -ABRT $$`) })
  await expect(dying).rejects.toMatchObject({
    code: 'OUT_OF_MEMORY',
    message: expect.stringMatching(/SIGABRT: the machine has [\d.]+ GB, [\d.]+ GB free(.|\n)*Insufficient/),
    hint: expect.stringContaining('smaller'),
  })
})
