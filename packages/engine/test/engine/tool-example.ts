import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { helloDirectory } from './support.ts'

const record = z.record(z.string(), z.unknown())
const json = z.string().transform((text) => record.parse(JSON.parse(text)))

const file = z
  .object({
    tools: z
      .array(
        z.object({ function: z.object({ name: z.string(), description: z.string(), parameters: record }) }),
      )
      .nonempty(),
    messages: z.tuple([
      z.object({ role: z.literal('user'), content: z.string() }),
      z.object({
        tool_calls: z.tuple([z.object({ function: z.object({ name: z.string(), arguments: json }) })]),
      }),
      z.object({ role: z.literal('tool'), content: z.string() }),
    ]),
    answer: z.string(),
  })
  .parse(JSON.parse(readFileSync(join(helloDirectory, 'tools.json'), 'utf8')))

const [user, assistant, tool] = file.messages

/** The tool that the hello model was taught to call, and what it makes of the result. */
export const toolExample = {
  tools: file.tools.map((entry) => entry.function),
  question: user.content,
  /** Without its id, which each engine makes up. */
  call: assistant.tool_calls[0].function,
  result: tool.content,
  answer: file.answer,
}
