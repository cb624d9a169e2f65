/** Shows how to end an answer early, and how to get the same answer again. */
import { createEngine, EngineError } from 'mlx-app'
import './report-errors.ts'

await using engine = await createEngine()
await engine.loadModel()

const ask = (content: string) => ({ messages: [{ role: 'user' as const, content }], maxTokens: 300 })

// An abort signal ends the call within one decode step. AbortSignal.timeout(5000) works too.
const controller = new AbortController()
try {
  for await (const chunk of engine.generate({ ...ask('Tell me a story.'), signal: controller.signal })) {
    process.stdout.write(chunk.text)
    if (chunk.text.includes(' ')) controller.abort()
  }
} catch (error) {
  if (!EngineError.isInstance(error) || error.code !== 'ABORTED') throw error
  console.log(`\nStopped by the signal: ${error.code}`)
}

// Breaking out of the loop also cancels the call, without an error.
for await (const chunk of engine.generate(ask('Tell me a story.'))) {
  process.stdout.write(chunk.text)
  if (chunk.text.includes(' ')) break
}
console.log('\nLeft the loop')

// A stop string ends the answer just before it.
const counted = await engine.complete({ ...ask('Count to ten.'), stop: 'seven' })
console.log(`${counted.text}\nStopped before "seven": ${counted.finishReason}`)

// A seed makes sampling reproducible.
const sampled = { ...ask('What is MLX?'), temperature: 1, seed: 7 }
const [first, second] = await Promise.all([engine.complete(sampled), engine.complete(sampled)])
console.log(`${first.text}\nSame answer twice: ${first.text === second.text}`)
