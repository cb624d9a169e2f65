import { expect, test } from 'vitest'
import { answerTo, ask, story } from './support.ts'
import { goodCall, next, withWorker } from './worker.ts'

/** What ends mlx_lm.server 0.32.2 for everyone, or makes it go wrong, one request each. */
const requests: [string, Record<string, unknown>][] = [
  ['stop: 5', { stop: 5 }],
  ['stop: [null]', { stop: [null] }],
  ['an empty prompt', { messages: null, prompt: '' }],
  ['a list of prompts', { messages: null, prompt: ['a', 'b'] }],
  ['topK above the vocabulary as a word', { topK: 'all' }],
  ['a logitBias of a token of 22 digits', { logitBias: { [String(2n ** 70n)]: 1 } }],
  ['a logitBias of a token that there is not', { logitBias: { 99999999: 1 } }],
  ['a negative seed', { seed: -1 }],
  ['temperature NaN', { temperature: 'NaN' }],
  ['maxTokens 0', { maxTokens: 0 }],
  ['messages without content', { messages: [{ role: 'user' }] }],
  ['a role that there is not', { messages: [{ role: 'robot', content: 'x' }] }],
  [
    'an image for a model that is blind',
    {
      messages: [{ role: 'user', content: [{ type: 'image', data: 'aGVsbG8=' }] }],
    },
  ],
  [
    'an address as an image',
    {
      messages: [{ role: 'user', content: [{ type: 'image', url: 'http://127.0.0.1:1/' }] }],
    },
  ],
  ['a chat template from the caller', { templateOptions: { chat_template: '{{ 1 }}' } }],
  ['a schema that nothing fits', { responseFormat: { type: 'json_schema', schema: { enum: [] } } }],
  ['a schema that is none', { responseFormat: { type: 'json_schema', schema: { type: 'nothing' } } }],
  ['a regular expression that is none', { responseFormat: { type: 'regex', pattern: '(' } }],
  ['a grammar that is none', { responseFormat: { type: 'grammar', grammar: 'start: :' } }],
  ['n: 1000', { n: 1000 }],
  ['a prompt over the context', { messages: [{ role: 'user', content: 'word '.repeat(40_000) }] }],
  ['a call demanded of no tool', { toolChoice: 'required' }],
  ['a named tool that is not given', { toolChoice: 'required', toolName: 'nothing' }],
  ['an adapter that is not there', { adapter: '/nowhere' }],
  ['a draft model that is not there', { draftModel: 'nobody' }],
  ['kvBits 7', { kvBits: 7, kvGroupSize: 32 }],
]

test('what crashes other servers fails alone, during a stream and in a batch', async () => {
  await withWorker(async (say, events) => {
    await next(events)
    let text = ''
    say(JSON.stringify({ type: 'generate', id: 0, model: 'hello', ...ask(story) }))
    requests.forEach(([, change], index) => {
      const call = { type: 'generate', id: index + 1, model: 'hello', ...ask('Say hello.'), maxTokens: 50 }
      say(JSON.stringify({ ...call, ...change }))
    })
    const failures = new Map<number, string>()
    let done = false
    while (!done || failures.size < requests.length) {
      const event = await next(events)
      if (event.type === 'tokens') {
        for (const piece of event.pieces) {
          expect(piece.id).toBe(0)
          text += piece.text
        }
      } else if (event.type === 'done') {
        expect(event.id).toBe(0)
        done = true
      } else if (event.type === 'error') {
        expect(failures.has(event.id ?? -1)).toBe(false)
        failures.set(event.id ?? -1, `${event.code}: ${event.message}`)
      }
    }
    expect(text).toBe(answerTo(story))
    for (const [index, [name]] of requests.entries()) {
      const failure = failures.get(index + 1)
      expect(failure, name).toMatch(
        /^(INVALID_REQUEST|UNSUPPORTED|CONTEXT_LENGTH_EXCEEDED|MODEL_NOT_FOUND): ./,
      )
    }
    expect(await goodCall(1000, say, events)).toBe(answerTo('Say hello.'))
  })
})
