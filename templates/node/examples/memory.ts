/** A chat is not read twice: each turn goes on from what the prompt cache holds of the ones before. */
import { createEngine, type Message } from 'mlx-app'

await using engine = await createEngine()
await engine.loadModel()

const messages: Message[] = []
for (const content of ['Tell me a story.', 'Say hello.', 'Count to ten.']) {
  messages.push({ role: 'user', content })
  const { text, usage } = await engine.complete({ messages, maxTokens: 400 })
  messages.push({ role: 'assistant', content: text })
  console.log(`> ${content}\n${text}`)
  console.log(`${usage.promptTokens} tokens of prompt, ${usage.cachedTokens} of them known already`)
}
