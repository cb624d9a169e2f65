import { z } from '@hono/zod-openapi'
import { limits } from 'mlx-app'
import { streamOptionsSchema } from './chat-request.ts'
import { samplingShape } from './sampling.ts'
import { singleValue, unsupportedField } from './unsupported-fields.ts'

const token = z.int().min(0)
const oneOrMore =
  'Invalid input: expected a text, a list of texts, a list of token ids or a list of such lists'
const tokens = z.array(token).min(1).max(limits.maxTokens)

export const textRequestSchema = z
  .object({
    model: z
      .string()
      .nullish()
      .meta({ description: 'One of `GET /v1/models`; default: the configured one.' }),
    prompt: z
      .union(
        [
          z.string().min(1),
          z.array(z.string().min(1)).min(1).max(limits.sequences),
          tokens,
          z.array(tokens).min(1).max(limits.sequences),
        ],
        { error: oneOrMore },
      )
      .meta({
        description: 'What the model goes on with, without a chat template. Each of several has its answers.',
      }),
    ...samplingShape,
    logprobs: z
      .int()
      .min(0)
      .max(limits.logprobs)
      .nullish()
      .meta({ description: 'Tells the log-probability of each token and of so many alternatives.' }),
    echo: z.boolean().nullish().meta({ description: 'Puts the prompt in front of the text.' }),
    stream: z.boolean().nullish(),
    stream_options: streamOptionsSchema.nullish(),
    suffix: singleValue('', 'models of chats don’t fill in.'),
    best_of: z.int().min(1).nullish().meta({ description: 'Only as many as `n`: answers are not ranked.' }),
    chat_template: unsupportedField('completions have no template.'),
  })
  .openapi('CompletionRequest')

export type TextRequest = z.output<typeof textRequestSchema>
