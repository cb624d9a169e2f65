import { z } from '@hono/zod-openapi'
import { limits } from 'mlx-app'
import { streamOptionsSchema } from './chat-request.ts'
import { formatShape } from './format-fields.ts'
import { samplingShape } from './sampling.ts'
import { singleValue, unsupportedField, unsupportedShape } from './unsupported-fields.ts'

const token = z.int().min(0)
const oneOrMore =
  'Invalid input: expected a string, a list of strings, a list of token ids or a list of such lists'
const tokens = z.array(token).min(1).max(limits.maxTokens)

export const textRequestSchema = z
  .object({
    model: z
      .string()
      .nullish()
      .meta({ description: 'A model from `GET /v1/models`. Default: the configured model.' }),
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
        description: 'The text or texts to continue, without a chat template. Each gets its own answers.',
      }),
    ...samplingShape,
    ...formatShape,
    logprobs: z
      .int()
      .min(0)
      .max(limits.logprobs)
      .nullish()
      .meta({ description: 'Returns the log probability of each token and of this many alternatives.' }),
    echo: z.boolean().nullish().meta({ description: 'Whether to repeat the prompt before the text.' }),
    stream: z.boolean().nullish(),
    stream_options: streamOptionsSchema.nullish(),
    suffix: singleValue('', 'chat models cannot fill in text.'),
    best_of: z
      .int()
      .min(1)
      .nullish()
      .meta({ description: 'Must equal `n`, because answers are not ranked.' }),
    ...unsupportedShape,
    chat_template: unsupportedField('completions do not use a chat template.'),
  })
  .openapi('CompletionRequest')

export type TextRequest = z.output<typeof textRequestSchema>
