import * as newest from '@ai-sdk/anthropic'
import {
  generateText as generateNewest,
  isStepCount,
  tool as newestTool,
  streamText as streamNewest,
} from 'ai'
import { generateText, stepCountIs, streamText, tool } from 'ai-6'
import * as older from 'ai-sdk-anthropic-3'
import { expect, test } from 'vitest'
import { answerTo } from '../../../engine/test/engine/support.ts'
import { useServer } from '../support.ts'
import { weather } from '../weather.ts'

const shared = useServer()
Object.assign(globalThis, { AI_SDK_LOG_WARNINGS: false })
const options = () => ({ baseURL: `${shared.server.url}/v1`, apiKey: 'none' })
const asked = { prompt: 'Say hello.', maxRetries: 0 }
const described = { description: weather.description, inputSchema: weather.schema }
const execute = () => weather.result

// npm on Node 20 chooses version 3, whose schemas refuse a null where a field is optional.
test('@ai-sdk/anthropic 3 reads an answer, a stream and a tool call', async () => {
  const model = older.createAnthropic(options())('hello')
  expect((await generateText({ ...asked, model })).text).toBe(answerTo('Say hello.'))
  const streamed = streamText({ ...asked, model })
  expect([await streamed.text, await streamed.finishReason]).toEqual([answerTo('Say hello.'), 'stop'])
  const called = streamText({
    model,
    maxRetries: 0,
    prompt: weather.question,
    tools: { [weather.name]: tool({ ...described, execute }) },
    stopWhen: stepCountIs(3),
  })
  expect(await called.text).toBe(weather.answer)
})

test('the newest @ai-sdk/anthropic does the same', async () => {
  const model = newest.createAnthropic(options())('hello')
  expect((await generateNewest({ ...asked, model })).text).toBe(answerTo('Say hello.'))
  const streamed = streamNewest({ ...asked, model })
  expect([await streamed.text, await streamed.finishReason]).toEqual([answerTo('Say hello.'), 'stop'])
  const called = streamNewest({
    model,
    maxRetries: 0,
    prompt: weather.question,
    tools: { [weather.name]: newestTool({ ...described, execute }) },
    stopWhen: isStepCount(3),
  })
  expect(await called.text).toBe(weather.answer)
})
