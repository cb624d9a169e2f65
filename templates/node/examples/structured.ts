/** Answers in a shape: tokens that don't fit it are never sampled, whatever the model would like to say. */

import { createEngine } from 'mlx-app'
import * as z from 'zod'

await using engine = await createEngine()
await engine.loadModel()

const ask = (content: string) => ({ messages: [{ role: 'user' as const, content }], maxTokens: 200 })

// A value of a zod schema. Give strings and lists a bound: a small model may not find the end of one.
const card = z.object({ model: z.enum(['hello', 'other']), tiny: z.boolean() })
const { object } = await engine.generateObject({ ...ask('Write JSON.'), schema: card })
console.log(`The model is ${object.model}, and ${object.tiny ? 'tiny' : 'not tiny'}.`)

// One of several words is a regular expression; so is a date, or a version.
const yesOrNo = { type: 'regex' as const, pattern: 'Yes|No' }
const { text } = await engine.complete({ ...ask('Does it work?'), responseFormat: yesOrNo })
console.log(`Does it work? ${text}`)

// A JSON Schema from elsewhere, streamed. Without the last line the model may add keys of its own.
const schema = {
  type: 'object',
  properties: { tiny: { type: 'boolean' } },
  required: ['tiny'],
  additionalProperties: false,
}
const responseFormat = { type: 'json_schema' as const, schema }
for await (const chunk of engine.generate({ ...ask('Write JSON.'), responseFormat })) {
  process.stdout.write(chunk.text)
}
process.stdout.write('\n')
