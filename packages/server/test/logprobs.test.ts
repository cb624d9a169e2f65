/** Log probabilities of characters that take several tokens, on both servers. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { createEnvelopeFactory } from '../src/openai/envelope.ts'
import { textEvents, toTextAnswer } from '../src/openai/text-answer.ts'
import type { CaseServer } from './api-case-runner.ts'
import { startPythonServer } from './python-server.ts'
import { openServer, useServer } from './support.ts'

/** Latin, Cyrillic, Greek, Han, Devanagari, Arabic, and emoji of several code points. */
const texts = ['Zürich été', 'Привет', 'λόγος', '日本語 字', 'नमस्ते', 'مرحبا', 'a 😀 b 👩🏽‍💻 c 🇨🇭']

const entry = z.object({ token: z.string(), bytes: z.array(z.int()) })
const logprobs = z.object({ content: z.array(entry.extend({ top_logprobs: z.array(entry) })) })
const answer = z.object({
  choices: z.tuple([z.object({ message: z.object({ content: z.string() }), logprobs })]),
})
const chunk = z.object({ choices: z.array(z.object({ logprobs: logprobs.nullish() })) })

describe.each([
  ['Node', openServer],
  ['Python', startPythonServer],
])('the server of %s', (_name, start: () => Promise<CaseServer>) => {
  let server: CaseServer
  beforeAll(async () => {
    server = await start()
  })
  afterAll(() => server.cut())

  async function ask(text: string, stream: boolean) {
    const schema = { type: 'string', enum: [text] }
    const body = {
      messages: [{ role: 'user', content: 'Say hello.' }],
      response_format: { type: 'json_schema', json_schema: { name: 'text', schema } },
      logprobs: true,
      top_logprobs: 2,
      stream,
    }
    return await fetch(`${server.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  }

  test.each(texts)('gives the bytes of each token of %s', async (text) => {
    const { message, logprobs } = answer.parse(await (await ask(text, false)).json()).choices[0]
    expect(message.content).toBe(JSON.stringify(text))
    expect(joined(logprobs.content)).toBe(message.content)
    expect(logprobs.content.some(({ bytes }) => bytes.length === 1 && Number(bytes[0]) > 127)).toBe(true)
    const events = (await (await ask(text, true)).text()).split('\n\n')
    const chunks = events.filter((event) => event.startsWith('data: {')).map((event) => event.slice(6))
    const streamed = chunks.flatMap((event) =>
      chunk.parse(JSON.parse(event)).choices.flatMap((choice) => choice.logprobs?.content ?? []),
    )
    expect(streamed).toEqual(logprobs.content)
  })
})

describe('completions', () => {
  const shared = useServer()

  test.each(texts)('count the characters before each token of %s', async (text) => {
    const { services } = shared.server
    const { engine } = services.engineService
    const options = {
      prompt: 'Say hello.',
      responseFormat: { type: 'grammar' as const, grammar: `start: "${text}"` },
      logprobs: 2,
    }
    const envelope = await createEnvelopeFactory(services)('cmpl', 'hello')
    const form = { prompts: [options.prompt], n: 1, echo: false, withLogprobs: true, includeUsage: false }
    const { choices } = toTextAnswer(envelope, [await engine.complete(options)], form)
    expect(choices[0]?.text).toBe(text)
    const { tokens, text_offset: offsets } = choices[0]?.logprobs ?? { tokens: [], text_offset: [] }
    const characters = [...text]
    let open = 0
    for (const [place, token] of tokens.entries()) {
      const rest = characters.slice(offsets[place]).join('')
      if (token.startsWith('bytes:')) open += 1
      else if (token !== '<|im_end|>') expect(rest.startsWith(token)).toBe(true)
    }
    expect(open).toBeGreaterThan(1)
    expect(offsets.at(-1)).toBe(characters.length)
    const streamed: number[] = []
    const items = numbered(engine.generate(options))
    for await (const { data } of textEvents(envelope, items, form)) {
      const parsed = z.object({ choices: z.array(z.object({ logprobs: offsetsSchema })) }).safeParse(data)
      streamed.push(...(parsed.data?.choices.flatMap((choice) => choice.logprobs?.text_offset ?? []) ?? []))
    }
    expect(streamed).toEqual(offsets)
  })
})

const offsetsSchema = z.object({ text_offset: z.array(z.int()) }).nullable()

async function* numbered<Item>(items: AsyncIterable<Item>) {
  for await (const item of items) yield { source: 0, item }
}

function joined(entries: readonly { bytes: number[] }[]): string {
  return Buffer.from(entries.flatMap(({ bytes }) => bytes)).toString()
}
