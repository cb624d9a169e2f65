/** Shows how the prompt cache speeds up a chat: each turn only prefills what the turns before it did not. */
import { createEngine, type Message } from 'mlx-app'
import './report-errors.ts'

await using engine = await createEngine()
await engine.loadModel()

const messages: Message[] = []
for (const content of ['Tell me a story.', 'Say hello.', 'Count to ten.']) {
  messages.push({ role: 'user', content })
  const { text, usage } = await engine.complete({ messages, maxTokens: 400 })
  messages.push({ role: 'assistant', content: text })
  console.log(`> ${content}\n${text}`)
  console.log(`${usage.promptTokens} prompt tokens, ${usage.cachedTokens} of them from the cache`)
}
