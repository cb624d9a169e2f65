import { z } from '@hono/zod-openapi'
import { type GenerateOptions, limits } from 'mlx-app'
import { omitNullish } from '../requests/omit-nullish.ts'
import { seedField, toSeed, toTopP } from '../requests/sampling.ts'

const penalty = z.number().min(-limits.penalty).max(limits.penalty).nullish()
const context = z.int().min(1).max(limits.penaltyContext).nullish()
const share = z.number().min(0).max(1).nullish()
const tokens = z.int().min(1).nullish()
const stopString = z.string().min(1).max(limits.stopCharacters)
const contextDescription = 'How many of the last tokens the penalty applies to. Default: 20.'

/** The sampling fields of chat completions and completions. */
export const samplingShape = {
  max_tokens: tokens.meta({
    description:
      'The maximum number of tokens in the answer. The server’s settings define the default and the upper limit.',
  }),
  temperature: z.number().min(0).max(limits.temperature).nullish().meta({
    description:
      '0 always picks the most likely token. Default: the model’s own, see `defaults` of the model.',
  }),
  top_p: share.meta({
    description: 'Samples from the most likely tokens whose probabilities add up to this value.',
  }),
  frequency_penalty: penalty.meta({
    description: 'Reduces the score of tokens by how often they occurred before.',
  }),
  presence_penalty: penalty.meta({ description: 'Reduces the score of tokens that occurred before.' }),
  logit_bias: z
    .record(
      z.string().regex(/^\d{1,9}$/, 'expected token ids as keys'),
      z.number().min(-limits.logitBias).max(limits.logitBias),
    )
    .nullish()
    .meta({ description: 'Values to add to the scores of tokens, by token ID in the model’s vocabulary.' }),
  seed: seedField,
  stop: z
    .union([stopString, z.array(stopString).max(limits.stopStrings)], {
      error: 'Invalid input: expected a string or a list of strings',
    })
    .nullish()
    .meta({ description: 'Strings that end the text. They are not included.' }),
  n: z.int().min(1).max(limits.sequences).nullish().meta({ description: 'How many answers to generate.' }),
  top_k: z
    .int()
    .min(-1)
    .nullish()
    .meta({ description: 'Samples from this many of the most likely tokens. 0 and -1 mean all.' }),
  min_p: share.meta({
    description: 'Excludes tokens with less than this fraction of the highest probability.',
  }),
  repetition_penalty: z
    .number()
    .gt(0)
    .max(limits.repetitionPenalty)
    .nullish()
    .meta({ description: 'Values above 1 make tokens that occurred before less likely.' }),
  repetition_context_size: context.meta({ description: contextDescription }),
  presence_context_size: context.meta({ description: contextDescription }),
  frequency_context_size: context.meta({ description: contextDescription }),
  xtc_probability: share.meta({
    description:
      'The probability of excluding all but the least likely of the tokens above the XTC threshold.',
  }),
  xtc_threshold: z
    .number()
    .min(0)
    .max(0.5)
    .nullish()
    .meta({ description: 'The probability threshold of XTC sampling.' }),
}

const samplingSchema = z.object(samplingShape)

/** Converts the sampling fields to the engine's options, except for the token limit. */
export function toSampling(body: z.output<typeof samplingSchema>) {
  const { top_p: topP, top_k: topK, seed } = body
  return omitNullish({
    temperature: body.temperature,
    topP: toTopP(topP),
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
    seed: toSeed(seed),
    stop: body.stop,
    n: body.n,
  }) satisfies Partial<GenerateOptions>
}
