/** Shows many calls at once. The worker decodes them in one batch, in little more time than a single call takes. */
import { createEngine } from 'mlx-app'
import './report-errors.ts'

const questions = [
  'Who are you?',
  'What is MLX?',
  'Say hello.',
  'Count to ten.',
  'Say hello in five languages.',
  'What can you do?',
  'Does it work?',
  'What comes next?',
]

await using engine = await createEngine()
await engine.loadModel()

const started = performance.now()
const answers = await Promise.all(
  questions.map(async (question) => {
    const messages = [{ role: 'user' as const, content: question }]
    return { question, ...(await engine.complete({ messages, maxTokens: 200 })) }
  }),
)
const seconds = (performance.now() - started) / 1000

for (const { question, text } of answers) console.log(`> ${question}\n${text}`)
const tokens = answers.reduce((sum, { usage }) => sum + usage.completionTokens, 0)
console.log(
  `${answers.length} answers, ${tokens} tokens in ${seconds.toFixed(2)} s: ${Math.round(tokens / seconds)} tokens/s`,
)
