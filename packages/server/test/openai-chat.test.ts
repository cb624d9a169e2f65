/** What the cases of api-cases/ cannot show: the order of chunks, reasoning models, and errors during a stream. */
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { answerTo, ask, makeProject, story, until, useFolder } from '../../engine/test/engine/support.ts'
import { makeThinkingModel } from '../../engine/test/engine/thinking-model.ts'
import { joinPieces, parseEvents, type StreamEvent } from './api-events.ts'
import { openServer, type TestServer, useServer } from './support.ts'

const chat = '/v1/chat/completions'
const project = makeProject(useFolder().path)
makeThinkingModel(join(project, 'models'))
const shared = useServer({}, { project })

const chunkSchema = z.object({
  choices: z.array(z.object({ delta: z.record(z.string(), z.unknown()) })),
  prompt_progress: z.object({ processed: z.int(), total: z.int() }).optional(),
})

const answerSchema = z.looseObject({
  choices: z.array(
    z.looseObject({ message: z.looseObject({ content: z.string(), reasoning: z.string().optional() }) }),
  ),
})

async function answered(server: TestServer, body: Record<string, unknown>) {
  const response = await server.post(chat, body)
  const answer = answerSchema.parse(await response.json())
  return { answer, message: answer.choices[0]?.message }
}

async function streamed(body: Record<string, unknown>): Promise<StreamEvent[]> {
  const response = await shared.server.post(chat, { stream: true, ...body })
  return parseEvents(await response.text())
}

describe('a reasoning model', () => {
  const question = { ...ask('Count to ten.'), model: 'thinking' }

  test('returns its reasoning in separate fields, under the names that clients know', async () => {
    const { answer } = await answered(shared.server, question)
    const thought = expect.stringMatching(/^one.*four/)
    expect(answer).toMatchObject({
      model: 'thinking',
      choices: [
        {
          message: {
            content: expect.stringMatching(/^,? ?six.*ten$/),
            reasoning_content: thought,
            reasoning: thought,
          },
          finish_reason: 'stop',
        },
      ],
      // "one two three four" and the word that ends it, in pieces of words.
      usage: { completion_tokens_details: { reasoning_tokens: 9 } },
    })
  })

  test('streams the reasoning before its answer', async () => {
    const { message } = await answered(shared.server, question)
    const { content, reasoning } = message ?? {}
    const deltas = joinPieces(await streamed(question)).map(({ data }) => {
      return typeof data === 'string' ? data : chunkSchema.parse(data).choices[0]?.delta
    })
    expect(deltas).toEqual([
      { role: 'assistant', content: '' },
      { reasoning_content: reasoning, reasoning },
      { content },
      {},
      '[DONE]',
    ])
  })

  test('accepts the reasoning of an earlier turn under either name', async () => {
    const messages = (named: object) => [
      ...question.messages,
      { role: 'assistant', content: 'six', ...named },
      ...ask('Count to ten.').messages,
    ]
    for (const named of [{ reasoning: 'one' }, { reasoning_content: 'one' }]) {
      const { message } = await answered(shared.server, { ...question, messages: messages(named) })
      expect(message?.content).toMatch(/./)
    }
  })
})

describe('the progress of a prompt', () => {
  const long = {
    messages: [{ role: 'user', content: `${'one two three '.repeat(900)}Say hello.` }],
    max_tokens: 1,
  }

  test('is reported before the first chunk, until it is complete', async () => {
    const chunks = (await streamed({ ...long, return_progress: true }))
      .filter(({ data }) => data !== '[DONE]')
      .map(({ data }) => chunkSchema.parse(data))
    const first = chunks.findIndex((chunk) => chunk.prompt_progress === undefined)
    const told = chunks.slice(0, first).map((chunk) => chunk.prompt_progress)
    expect(told.length).toBeGreaterThan(1)
    expect(chunks.slice(first).every((chunk) => chunk.prompt_progress === undefined)).toBe(true)
    const [last] = told.slice(-1)
    expect(last?.processed).toBe(last?.total)
    expect(last?.total).toBeGreaterThan(2700)
    expect(told).toEqual(told.toSorted((one, other) => (one?.processed ?? 0) - (other?.processed ?? 0)))
  })

  test('is reported only if requested', async () => {
    const events = await streamed(long)
    expect(JSON.stringify(events)).not.toContain('prompt_progress')
  })
})

test('a stream ends with an error and without [DONE] when its worker dies', async () => {
  const server = await openServer()
  try {
    // Its end is forbidden, so that there is time to die.
    const response = await server.post(chat, { ...ask(story), stream: true, logit_bias: { 2: -100 } })
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    let text = (await reader?.read())?.value ?? ''
    expect(text).toMatch(/^data: {"id":"chatcmpl-/)
    const { pid = 0 } = await server.services.engineService.engine.status()
    process.kill(pid, 'SIGKILL')
    for (let part = await reader?.read(); part?.done === false; part = await reader?.read())
      text += part.value
    const last = parseEvents(text).at(-1)
    expect(last).toEqual({
      data: {
        error: {
          message: 'The model process stopped and is being restarted.',
          type: 'server_error',
          param: null,
          code: 'model_restarting',
        },
      },
    })
    expect(text).not.toContain('[DONE]')
    await until(async () => server.services.engineService.state === 'ready')
    const { message } = await answered(server, ask('Say hello.'))
    expect(message?.content).toBe(answerTo('Say hello.'))
  } finally {
    await server.cut()
  }
})

test('an error for one of several prompts cancels the others', async () => {
  const server = await openServer({ STREAMS_PER_KEY: '2' })
  try {
    const prompt = ['one', 'two', 'three']
    for (const stream of [false, true]) {
      const response = await server.post('/v1/completions', { prompt, stream, logit_bias: { 2: -100 } })
      expect([response.status, await response.json()]).toEqual([
        429,
        {
          error: {
            message: 'At most 2 requests per key can run at the same time.',
            type: 'rate_limit_error',
            param: null,
            code: 'too_many_requests',
          },
        },
      ])
      await server.services.generations.waitUntilIdle()
      expect(server.services.generations.active).toBe(0)
    }
  } finally {
    await server.cut()
  }
})
