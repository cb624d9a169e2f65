/** Shows structured output: only tokens that match the schema, pattern or grammar can be sampled. */

import { createEngine } from 'mlx-app'
import * as z from 'zod'
import './report-errors.ts'

await using engine = await createEngine()
await engine.loadModel()

const ask = (content: string) => ({ messages: [{ role: 'user' as const, content }], maxTokens: 200 })

// An object that matches a zod schema. Limit the length of strings and arrays: a small model may not end them.
const card = z.object({ model: z.enum(['hello', 'other']), tiny: z.boolean() })
const { object } = await engine.generateObject({ ...ask('Write JSON.'), schema: card })
console.log(`The model is ${object.model}, and ${object.tiny ? 'tiny' : 'not tiny'}.`)

// A regular expression, for a choice between words, a date or a version number.
const yesOrNo = { type: 'regex' as const, pattern: 'Yes|No' }
const { text } = await engine.complete({ ...ask('Does it work?'), responseFormat: yesOrNo })
console.log(`Does it work? ${text}`)

// A JSON Schema, streamed. Without additionalProperties: false the model may add other keys.
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
