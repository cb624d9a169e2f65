import { expect } from 'vitest'
import { z } from 'zod'
import type { Engine } from '../../src/engine/index.ts'
import type { Capability } from '../../src/engine/remote/servers.ts'
import { answerTo, ask, story } from './support.ts'

/** What any engine that runs the hello model must do, where it has the capabilities. */
export interface Case {
  name: string
  needs: readonly Capability[]
  run: (context: Context) => Promise<void>
}

export interface Context {
  engine: Engine
  /** For files; its own for each test file. */
  folder: string
}

/** The cases that need code. The others are data, in engine-cases/. */
export const codeCases: readonly Case[] = [
  {
    name: 'ends when the loop is left, and answers the next call',
    needs: [],
    run: async ({ engine }) => {
      for await (const { text } of engine.generate(ask(story))) {
        if (text !== '') break
      }
      expect((await engine.complete(ask('Say hello.'))).text).toBe(answerTo('Say hello.'))
    },
  },
  {
    name: 'ends with ABORTED by a signal, and answers the next call',
    needs: [],
    run: async ({ engine }) => {
      const controller = new AbortController()
      const read = async () => {
        for await (const { text } of engine.generate({ ...ask(story), signal: controller.signal })) {
          if (text !== '') controller.abort(new Error('enough'))
        }
      }
      await expect(read()).rejects.toMatchObject({
        code: 'ABORTED',
        cause: expect.objectContaining({ message: 'enough' }),
      })
      const gone = engine.complete({ ...ask(story), signal: AbortSignal.abort() })
      await expect(gone).rejects.toMatchObject({ code: 'ABORTED' })
      expect((await engine.complete(ask('Say hello.'))).text).toBe(answerTo('Say hello.'))
    },
  },
  {
    name: 'returns a value of a zod schema',
    needs: ['jsonSchema'],
    run: async ({ engine }) => {
      const schema = z.object({ model: z.string().max(20), layers: z.int().max(9), tiny: z.boolean() })
      const { object } = await engine.generateObject({ ...ask('Write JSON.'), schema })
      expect(schema.safeParse(object)).toMatchObject({ success: true })
    },
  },
  {
    name: 'reports the progress of the prompt',
    needs: ['promptProgress'],
    run: async ({ engine }) => {
      const seen: { processedTokens: number; totalTokens: number }[] = []
      const messages = ask(`Say hello ${'and again '.repeat(200)}`).messages
      const onPromptProgress = (progress: (typeof seen)[number]) => seen.push(progress)
      await engine.complete({ messages, maxTokens: 2, onPromptProgress })
      const last = seen.at(-1)
      expect(last?.totalTokens).toBeGreaterThan(200)
      expect(last?.processedTokens).toBeGreaterThan(200)
    },
  },
]
