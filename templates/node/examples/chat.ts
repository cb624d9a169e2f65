/** Shows a chat with several turns. The model sees the earlier turns because every call sends the whole chat. */
import { createEngine, type Message } from 'mlx-app'
import './report-errors.ts'

await using engine = await createEngine()
await engine.loadModel()

const messages: Message[] = [{ role: 'system', content: 'You are friendly.' }]
for (const question of ['Say hello.', 'Count to ten.']) {
  console.log(`> ${question}`)
  messages.push({ role: 'user', content: question })
  let answer = ''
  for await (const chunk of engine.generate({ messages, maxTokens: 200 })) {
    process.stdout.write(chunk.text)
    answer += chunk.text
  }
  process.stdout.write('\n')
  messages.push({ role: 'assistant', content: answer })
}
