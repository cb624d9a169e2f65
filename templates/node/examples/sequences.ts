/** Generates several answers from one prefill of the prompt, and shows how likely each one was. */
import { createEngine } from 'mlx-app'
import './report-errors.ts'

await using engine = await createEngine()
await engine.loadModel()

const messages = [{ role: 'user' as const, content: 'Say something.' }]
const sampled = { messages, n: 5, temperature: 1, seed: 1, maxTokens: 60 }
const { choices } = await engine.complete({ ...sampled, logprobs: 0 })

// The mean per token, so that long answers are not penalised. 0 would mean certain.
const ranked = choices.map(({ text, logprobs }) => {
  const sum = logprobs.reduce((total, { logprob }) => total + logprob, 0)
  return { text, mean: sum / logprobs.length }
})
ranked.sort((first, second) => second.mean - first.mean)
for (const { text, mean } of ranked) console.log(`${mean.toFixed(3)}  ${JSON.stringify(text)}`)

// The most likely first tokens.
const { logprobs } = await engine.complete({ messages, logprobs: 3, maxTokens: 1 })
for (const { token, logprob } of logprobs[0]?.top ?? []) {
  console.log(`${(100 * Math.exp(logprob)).toFixed(1)} %  ${JSON.stringify(token)}`)
}
