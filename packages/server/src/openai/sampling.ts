import { z } from '@hono/zod-openapi'
import { type GenerateOptions, limits } from 'mlx-app'
import { omitNullish } from '../requests/omit-nullish.ts'

const penalty = z.number().min(-limits.penalty).max(limits.penalty).nullish()
const context = z.int().min(1).max(limits.penaltyContext).nullish()
const share = z.number().min(0).max(1).nullish()
const tokens = z.int().min(1).nullish()
const stopString = z.string().min(1).max(limits.stopCharacters)
const contextDescription = 'How many of the last tokens the penalty looks at; default 20.'

/** What is sampled, as chat completions and completions both take it. */
export const samplingShape = {
  max_tokens: tokens.meta({
    description: 'Most tokens of the answer; the default and the bound are settings of the server.',
  }),
  temperature: z.number().min(0).max(limits.temperature).nullish().meta({
    description:
      '0 always takes the likeliest token, and is the default, as with other servers of local models; OpenAI’s own is 1.',
  }),
  top_p: share.meta({
    description: 'Samples among the likeliest tokens that together have this probability.',
  }),
  frequency_penalty: penalty.meta({ description: 'Makes tokens rarer for each time that they came before.' }),
  presence_penalty: penalty.meta({ description: 'Makes tokens rarer that came before.' }),
  logit_bias: z
    .record(
      z.string().regex(/^\d{1,9}$/, 'a token is named by its id'),
      z.number().min(-limits.logitBias).max(limits.logitBias),
    )
    .nullish()
    .meta({ description: 'Added to the score of a token, by its id in this model’s vocabulary.' }),
  seed: z.int().nullish().meta({
    description: 'The same seed gives the same text. What is beyond 32 bits of it does not count.',
  }),
  stop: z
    .union([stopString, z.array(stopString).max(limits.stopStrings)], {
      error: 'Invalid input: expected a string or a list of strings',
    })
    .nullish()
    .meta({ description: 'Strings that end the text, and are not part of it.' }),
  n: z.int().min(1).max(limits.sequences).nullish().meta({ description: 'How many answers to give.' }),
  top_k: z
    .int()
    .min(-1)
    .nullish()
    .meta({ description: 'Samples among this many tokens; 0 and -1 mean all.' }),
  min_p: share.meta({ description: 'Leaves out tokens less likely than this share of the likeliest.' }),
  repetition_penalty: z
    .number()
    .gt(0)
    .max(limits.repetitionPenalty)
    .nullish()
    .meta({ description: 'Above 1 makes tokens rarer that came before.' }),
  repetition_context_size: context.meta({ description: contextDescription }),
  presence_context_size: context.meta({ description: contextDescription }),
  frequency_context_size: context.meta({ description: contextDescription }),
  xtc_probability: share.meta({
    description: 'How often all likely tokens but the last are left out (XTC).',
  }),
  xtc_threshold: z.number().min(0).max(0.5).nullish().meta({ description: 'What XTC calls likely.' }),
}

const samplingSchema = z.object(samplingShape)

/** Smaller than any probability that a model gives its likeliest token: OpenAI allows a top_p of 0, the engine does not. */
const leastTopP = 1e-6

/** As the engine takes it, but for the limit of tokens. */
export function toSampling(body: z.output<typeof samplingSchema>) {
  const { top_p: topP, top_k: topK, seed } = body
  return omitNullish({
    temperature: body.temperature,
    topP: topP == null ? topP : Math.max(topP, leastTopP),
    topK: topK == null ? topK : Math.max(topK, 0),
    minP: body.min_p,
    frequencyPenalty: body.frequency_penalty,
    presencePenalty: body.presence_penalty,
    repetitionPenalty: body.repetition_penalty,
    repetitionContext: body.repetition_context_size,
    presenceContext: body.presence_context_size,
    frequencyContext: body.frequency_context_size,
    xtcProbability: body.xtc_probability,
    xtcThreshold: body.xtc_threshold,
    logitBias: body.logit_bias,
    seed: seed == null ? seed : Number(BigInt.asUintN(32, BigInt(seed))),
    stop: body.stop,
    n: body.n,
  }) satisfies Partial<GenerateOptions>
}
