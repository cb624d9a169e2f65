import { join } from 'node:path'
import { expect } from 'vitest'
import { z } from 'zod'
import type { Engine, GenerateOptions } from '../../src/engine/index.ts'
import type { Capability } from '../../src/engine/remote/servers.ts'
import { answers, answerTo, ask, story, textOf } from './support.ts'
import { toolExample } from './tool-example.ts'

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

const languages = 'Say hello in five languages.'
const wild = { ...ask(story), temperature: 2, maxTokens: 60 }
/** The token that ends an answer of the hello model. */
const end = 2

function answersTo(options: GenerateOptions, expected: Record<string, unknown>): Case['run'] {
  return async ({ engine }) => {
    expect(await engine.complete(options)).toMatchObject(expected)
  }
}

/** Long, since the story is all that the model wants to tell: only with its end forbidden does it stray. */
const endless = { ...ask(story), maxTokens: 300, logitBias: { [end]: -100 } }

/** The options change the text, and give their own text again. */
function changes(
  needs: readonly Capability[],
  options: Partial<GenerateOptions>,
  beside: Partial<GenerateOptions> = {},
): Case {
  return {
    name: `gives another text, the same each time, with ${JSON.stringify(options)}`,
    needs: ['logitBias', ...needs],
    run: async ({ engine }) => {
      const changed = await engine.complete({ ...endless, ...beside, ...options })
      expect((await engine.complete({ ...endless, ...beside, ...options })).text).toBe(changed.text)
      expect((await engine.complete({ ...endless, ...beside })).text).not.toBe(changed.text)
    },
  }
}

const texts: readonly Case[] = [
  ...answers
    .filter(({ answer }) => !answer.includes('<tool_call>'))
    .map(({ question, answer: text }) => ({
      name: `answers "${question}"`,
      needs: [],
      run: answersTo(ask(question), { text, finishReason: 'stop' }),
    })),
  {
    name: 'answers a second turn, under a system message',
    needs: [],
    run: async ({ engine }) => {
      const messages = [
        { role: 'system' as const, content: 'You are a helpful assistant.' },
        ...ask('What is MLX?').messages,
        { role: 'assistant' as const, content: answerTo('What is MLX?') },
        ...ask(languages).messages,
      ]
      expect(await textOf(engine.generate({ messages }))).toBe(answerTo(languages))
    },
  },
  {
    name: 'accepts content in parts',
    needs: [],
    run: async ({ engine }) => {
      const content = [
        { type: 'text' as const, text: 'Say ' },
        { type: 'text' as const, text: 'hello.' },
      ]
      const answer = await engine.complete({ messages: [{ role: 'user', content }] })
      expect(answer.text).toBe(answerTo('Say hello.'))
    },
  },
  {
    name: 'continues a raw prompt, without a template',
    needs: ['prompt'],
    run: answersTo(
      { prompt: '<|im_start|>user\nSay hello.<|im_end|>\n<|im_start|>assistant\n' },
      { text: answerTo('Say hello.') },
    ),
  },
  {
    name: 'streams text in every chunk, and the numbers in the last',
    needs: [],
    run: async ({ engine }) => {
      const chunks = []
      for await (const chunk of engine.generate(ask(story))) chunks.push(chunk)
      const last = chunks.at(-1)
      expect(chunks.length).toBeGreaterThan(20)
      for (const chunk of chunks.slice(0, -1)) expect(chunk.finishReason).toBeUndefined()
      expect(last).toMatchObject({ finishReason: 'stop', model: expect.stringMatching(/./) })
      expect(chunks.map(({ text }) => text).join('')).toBe(answerTo(story))
    },
  },
  {
    name: 'returns usage and timings',
    needs: [],
    run: async ({ engine }) => {
      const { usage, timings } = await engine.complete({ ...ask(story), maxTokens: 40 })
      expect(usage.completionTokens).toBe(40)
      expect(usage.promptTokens).toBeGreaterThan(5)
      expect(timings.ttftMs).toBeGreaterThan(0)
      expect(timings.totalMs).toBeGreaterThanOrEqual(timings.ttftMs)
      expect(timings.tokensPerSecond).toBeGreaterThan(1)
    },
  },
  {
    name: 'answers many calls at once, each with its own text',
    needs: [],
    run: async ({ engine }) => {
      const plain = answers.filter(({ answer }) => !answer.includes('<tool_call>'))
      const given = await Promise.all(plain.map(({ question }) => engine.complete(ask(question))))
      expect(given.map(({ text }) => text)).toEqual(plain.map(({ answer }) => answer))
    },
  },
]

const ends: readonly Case[] = [
  {
    name: 'ends at maxTokens, with length',
    needs: [],
    run: async ({ engine }) => {
      const answer = await engine.complete({ ...ask(story), maxTokens: 7 })
      expect(answer).toMatchObject({ finishReason: 'length', usage: { completionTokens: 7 } })
      expect(answer.text).not.toBe('')
      expect(answerTo(story).startsWith(answer.text)).toBe(true)
    },
  },
  ...[
    { where: 'in the middle of a word', stop: 'ime ther' },
    { where: 'across words', stop: 'a tiny model with' },
    { where: 'at the first character', stop: 'O' },
    { where: 'of several, at the one that comes first', stop: ['two layers', 'upon'] },
    { where: 'at a character of several bytes', stop: 'ü', question: languages },
  ].map(({ where, stop, question = story }) => ({
    name: `ends before a stop string ${where}`,
    needs: [],
    run: async ({ engine }: Context) => {
      const answer = answerTo(question)
      const first = Math.min(...[stop].flat().map((text) => answer.indexOf(text)))
      expect(first).toBeGreaterThanOrEqual(0)
      const stopped = await engine.complete({ ...ask(question), stop })
      expect(stopped).toMatchObject({ text: answer.slice(0, first), finishReason: 'stop' })
    },
  })),
  {
    name: 'sends all text if a stop string does not come',
    needs: [],
    run: async ({ engine }) => {
      const stop = [`${answerTo('Say hello.').slice(-5)} and more`]
      const answer = await engine.complete({ ...ask('Say hello.'), stop })
      expect(answer).toMatchObject({ text: answerTo('Say hello.'), finishReason: 'stop' })
      expect(answer.usage.completionTokens).toBeGreaterThan(5)
    },
  },
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
    name: 'ends with DEADLINE_EXCEEDED',
    needs: [],
    run: async ({ engine }) => {
      const call = engine.complete({ ...ask(story), deadlineMs: 1 })
      await expect(call).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
    },
  },
]

const sampling: readonly Case[] = [
  {
    name: 'gives the same text for a seed, and another for another',
    needs: ['seed'],
    run: async ({ engine }) => {
      const hot = { ...ask(story), temperature: 1, maxTokens: 60 }
      const texts = []
      for (const seed of [7, 7, 8, 9]) texts.push((await engine.complete({ ...wild, seed })).text)
      expect(texts[1]).toBe(texts[0])
      expect(new Set(texts).size).toBeGreaterThan(1)
      const one = await engine.complete({ ...hot, seed: 3 })
      expect((await engine.complete({ ...hot, seed: 3 })).text).toBe(one.text)
    },
  },
  ...[
    { needs: ['topK' as const], only: { topK: 1 } },
    { needs: ['topP' as const], only: { topP: 0.000_001 } },
    { needs: ['minP' as const], only: { minP: 1 } },
  ].map(({ needs, only }) => ({
    name: `takes the likeliest token with ${JSON.stringify(only)}`,
    needs,
    run: answersTo({ ...wild, maxTokens: 1024, ...only }, { text: answerTo(story) }),
  })),
  changes(['repetitionPenalty'], { repetitionPenalty: 5 }),
  changes(['presencePenalty', 'penaltyContext'], { presencePenalty: 2, presenceContext: 300 }),
  changes(['frequencyPenalty', 'penaltyContext'], { frequencyPenalty: 2, frequencyContext: 300 }),
  changes(['xtc', 'seed'], { xtcProbability: 1, xtcThreshold: 0.05 }, { temperature: 1, seed: 1 }),
  {
    name: 'forbids or forces a token with logitBias',
    needs: ['logitBias'],
    run: async ({ engine }) => {
      const call = { ...ask('Say hello.'), maxTokens: 60 }
      expect(await engine.complete({ ...call, logitBias: { [end]: -100 } })).toMatchObject({
        finishReason: 'length',
        text: expect.stringMatching(/^Hello from a real MLX model!/),
      })
      const none = await engine.complete({ ...call, logitBias: { [end]: 100 } })
      expect(none).toMatchObject({ finishReason: 'stop', text: '' })
    },
  },
  {
    name: 'returns log-probabilities with alternatives',
    needs: ['logprobs'],
    run: async ({ engine }) => {
      const { logprobs, usage } = await engine.complete({ ...ask('Say hello.'), logprobs: 3 })
      expect(usage.completionTokens - logprobs.length).toBeLessThanOrEqual(1)
      for (const { logprob, top } of logprobs) {
        expect(logprob).toBeLessThanOrEqual(0)
        expect(top).toHaveLength(3)
      }
    },
  },
  {
    name: 'returns several sequences',
    needs: ['sequences'],
    run: async ({ engine }) => {
      const { choices } = await engine.complete({ ...ask('Say hello.'), n: 3 })
      expect(choices.map(({ text }) => text)).toEqual(Array.from({ length: 3 }, () => answerTo('Say hello.')))
    },
  },
]

const formats: readonly Case[] = [
  {
    name: 'returns a JSON object',
    needs: ['jsonObject'],
    run: async ({ engine }) => {
      const { text } = await engine.complete({
        ...ask('Write JSON.'),
        responseFormat: { type: 'json_object' },
      })
      expect(z.record(z.string(), z.unknown()).safeParse(JSON.parse(text))).toMatchObject({ success: true })
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
    name: 'returns text that a regular expression matches',
    needs: ['regex'],
    run: async ({ engine }) => {
      const responseFormat = { type: 'regex' as const, pattern: '[0-9]{4}' }
      expect((await engine.complete({ ...ask(story), responseFormat })).text).toMatch(/^[0-9]{4}$/)
    },
  },
  {
    name: 'returns text of a grammar',
    needs: ['grammar'],
    run: async ({ engine }) => {
      const responseFormat = { type: 'grammar' as const, grammar: 'start: "yes" | "no"' }
      expect((await engine.complete({ ...ask(story), responseFormat })).text).toMatch(/^(yes|no)$/)
    },
  },
]

const { tools, question, call, result } = toolExample
const turn = { messages: [{ role: 'user' as const, content: question }], tools }

const calls: readonly Case[] = [
  {
    name: 'calls a tool, and answers with its result',
    needs: ['tools'],
    run: async ({ engine }) => {
      const asked = await engine.complete(turn)
      expect(asked).toMatchObject({ text: '', finishReason: 'tool_calls', toolCalls: [call], toolErrors: [] })
      const [made] = asked.toolCalls
      const messages = [
        ...turn.messages,
        { role: 'assistant' as const, content: '', toolCalls: asked.toolCalls },
        { role: 'tool' as const, content: result, toolCallId: made?.id ?? '', name: made?.name ?? '' },
      ]
      const answer = await engine.complete({ messages, tools })
      expect(answer).toMatchObject({ text: toolExample.answer, finishReason: 'stop', toolCalls: [] })
    },
  },
  {
    name: 'calls a tool if one is required',
    needs: ['tools', 'toolChoice'],
    run: answersTo({ ...turn, toolChoice: 'required' }, { finishReason: 'tool_calls', toolCalls: [call] }),
  },
  {
    name: 'calls the tool that is named',
    needs: ['tools', 'toolChoice'],
    run: async ({ engine }) => {
      const toolChoice = { name: 'get_weather' }
      const { toolCalls } = await engine.complete({ ...turn, ...ask('Say hello.'), toolChoice })
      expect(toolCalls.map(({ name }) => name)).toEqual(['get_weather'])
    },
  },
  {
    name: 'calls no tool if none may be called',
    needs: ['tools', 'toolChoice'],
    run: answersTo({ ...turn, toolChoice: 'none' }, { toolCalls: [] }),
  },
  {
    name: 'makes one call at a time on request',
    needs: ['tools', 'parallelToolCalls'],
    run: answersTo({ ...turn, parallelToolCalls: false }, { toolCalls: [call] }),
  },
]

/** Options of how a call is served: the text is the one that the model knows. */
const serving: readonly Case[] = [
  { needs: 'reasoningTokens' as const, options: { reasoningTokens: 5 } },
  { needs: 'templateOptions' as const, options: { templateOptions: { enable_thinking: false } } },
  { needs: 'truncation' as const, options: { truncation: 'middle' as const } },
  { needs: 'priority' as const, options: { priority: 'interactive' as const } },
  { needs: 'caller' as const, options: { caller: 'someone' } },
  { needs: 'promptCacheOff' as const, options: { promptCache: false } },
  { needs: 'kvBits' as const, options: { kvBits: 8, kvGroupSize: 32 } },
].map(({ needs, options }) => ({
  name: `serves a call with ${JSON.stringify(options)}`,
  needs: [needs],
  run: answersTo({ ...ask('Say hello.'), ...options }, { text: answerTo('Say hello.') }),
}))

const others: readonly Case[] = [
  {
    name: 'keeps the KV cache of a prompt in a file',
    needs: ['cacheFile', 'promptCacheOff'],
    run: async ({ engine, folder }) => {
      const cacheFile = join(folder, 'hello.safetensors')
      const options = { ...ask('Say hello.'), cacheFile, promptCache: false }
      expect((await engine.complete(options)).usage.cachedTokens).toBe(0)
      const again = await engine.complete(options)
      expect(again.text).toBe(answerTo('Say hello.'))
      expect(again.usage.cachedTokens).toBeGreaterThan(0)
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
  {
    name: 'counts tokens, and converts text to tokens and back',
    needs: ['tokens'],
    run: async ({ engine }) => {
      const count = await engine.countTokens(ask('Say hello.'))
      expect(count).toBe((await engine.complete(ask('Say hello.'))).usage.promptTokens)
      expect(await engine.detokenise(await engine.tokenise('Grüezi 👋🏽'))).toBe('Grüezi 👋🏽')
    },
  },
  {
    name: 'unloads a model',
    needs: ['unload'],
    run: async ({ engine }) => {
      expect(await engine.unloadModel()).toEqual(['hello'])
      expect((await engine.complete(ask('Say hello.'))).text).toBe(answerTo('Say hello.'))
    },
  },
  {
    name: 'reports that a model does not exist',
    needs: [],
    run: async ({ engine }) => {
      const model = './no-such-model'
      await expect(engine.loadModel({ model, download: false })).rejects.toMatchObject({
        code: 'MODEL_NOT_FOUND',
        message: expect.stringContaining('no-such-model'),
      })
      const gone = engine.complete({ ...ask('Say hello.'), model })
      await expect(gone).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' })
      expect((await engine.complete(ask('Say hello.'))).text).toBe(answerTo('Say hello.'))
    },
  },
  {
    name: 'names the option that exceeds its limits',
    needs: [],
    run: async ({ engine }) => {
      await expect(engine.complete({ ...ask('Say hello.'), temperature: 3 })).rejects.toMatchObject({
        code: 'INVALID_REQUEST',
        message: expect.stringContaining('temperature'),
      })
    },
  },
  {
    name: 'loads the model, and lists the models',
    needs: [],
    run: async ({ engine }) => {
      const loaded = await engine.loadModel()
      expect((await engine.models()).length).toBeGreaterThan(0)
      expect(loaded.model).not.toBe('')
      expect((await engine.status()).crashes).toBe(0)
    },
  },
]

export const cases: readonly Case[] = [
  ...texts,
  ...ends,
  ...sampling,
  ...formats,
  ...calls,
  ...serving,
  ...others,
]
