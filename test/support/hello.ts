/** The questions that the hello model can answer. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'

const file = new URL('../../packages/engine/python/src/mlx_app/hello/answers.json', import.meta.url)
/** The folder of the hello model. */
export const helloDirectory = fileURLToPath(new URL('.', file))

export const answers = z
  .array(z.object({ question: z.string(), answer: z.string() }))
  .parse(JSON.parse(readFileSync(file, 'utf8')))

/** Returns the answer to a question. @throws Error if the hello model was not taught the question. */
export function answerTo(question: string): string {
  const pair = answers.find((candidate) => candidate.question === question)
  if (pair === undefined) throw new Error(`The hello model was not taught "${question}".`)
  return pair.answer
}
