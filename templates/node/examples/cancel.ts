/** Ways to end an answer early, and to get the same one again. */
import { createEngine, EngineError } from 'mlx-app'

await using engine = await createEngine()
await engine.loadModel()

const ask = (content: string) => ({ messages: [{ role: 'user' as const, content }], maxTokens: 300 })

// A signal ends the call within a step of the model, from wherever it is aborted. AbortSignal.timeout(5000) is one.
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

// Leaving the loop cancels too, without an error.
for await (const chunk of engine.generate(ask('Tell me a story.'))) {
  process.stdout.write(chunk.text)
  if (chunk.text.includes(' ')) break
}
console.log('\nLeft the loop')

// A stop string ends the text in front of it.
const counted = await engine.complete({ ...ask('Count to ten.'), stop: 'seven' })
console.log(`${counted.text}\nEnded in front of "seven": ${counted.finishReason}`)

// A seed makes chance repeatable.
const chance = { ...ask('What is MLX?'), temperature: 1, seed: 7 }
const [one, other] = await Promise.all([engine.complete(chance), engine.complete(chance)])
console.log(`${one.text}\nThe same again: ${one.text === other.text}`)
