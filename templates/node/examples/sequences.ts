/** Several answers from one reading of the prompt, and how sure the model is of each. */
import { createEngine } from 'mlx-app'

await using engine = await createEngine()
await engine.loadModel()

const messages = [{ role: 'user' as const, content: 'Say something.' }]
const sampled = { messages, n: 5, temperature: 1, seed: 1, maxTokens: 60 }
const { choices } = await engine.complete({ ...sampled, logprobs: 0 })

// The mean of a token, so that a long text is not worse for its length; 0 would be sure.
const rated = choices.map(({ text, logprobs }) => {
  const sum = logprobs.reduce((total, { logprob }) => total + logprob, 0)
  return { text, mean: sum / logprobs.length }
})
rated.sort((one, other) => other.mean - one.mean)
for (const { text, mean } of rated) console.log(`${mean.toFixed(3)}  ${JSON.stringify(text)}`)

// What could have stood at the beginning.
const { logprobs } = await engine.complete({ messages, logprobs: 3, maxTokens: 1 })
for (const { token, logprob } of logprobs[0]?.top ?? []) {
  console.log(`${(100 * Math.exp(logprob)).toFixed(1)} %  ${JSON.stringify(token)}`)
}
