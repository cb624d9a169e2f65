/** Shows tool calls: the model requests a call, this program runs it, and the model answers with the result. */

import { createEngine, type Message, type ToolCall } from 'mlx-app'
import * as z from 'zod'
import './report-errors.ts'

const getWeather = {
  name: 'get_weather',
  description: 'The weather of a city, now.',
  parameters: z.object({ city: z.string().describe('The name of the city') }),
}

/** Runs a tool and returns its result as text. An invalid call also returns text, so that the model can try again. */
function run({ name, arguments: given }: ToolCall): string {
  if (name !== getWeather.name) return `There is no tool ${name}.`
  const { success, data, error } = getWeather.parameters.safeParse(given)
  if (!success) return z.prettifyError(error)
  console.log(`Looking up the weather in ${data.city}`)
  return JSON.stringify({ sky: 'sunny', celsius: 21 })
}

await using engine = await createEngine()
await engine.loadModel()

const messages: Message[] = [{ role: 'user', content: 'What is the weather in Bern?' }]
// A limit, in case the model never stops calling tools.
for (let round = 0; round < 5; round += 1) {
  const answer = await engine.complete({ messages, tools: [getWeather], maxTokens: 200 })
  if (answer.toolCalls.length === 0) {
    console.log(answer.text)
    break
  }
  messages.push({ role: 'assistant', content: answer.text, toolCalls: answer.toolCalls })
  for (const call of answer.toolCalls) {
    messages.push({ role: 'tool', content: run(call), toolCallId: call.id, name: call.name })
  }
}
