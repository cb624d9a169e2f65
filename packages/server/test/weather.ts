import { z } from 'zod'
import { toolExample } from '../../engine/test/engine/tool-example.ts'

const [taught] = toolExample.tools
if (taught === undefined) throw new Error('The hello model was taught a tool.')

/** The tool that the hello model was taught, as the clients want it. */
export const weather = {
  ...taught,
  /** What it takes, as clients that know zod are told. */
  schema: z.object({ city: z.string() }),
  question: toolExample.question,
  result: toolExample.result,
  answer: toolExample.answer,
}
