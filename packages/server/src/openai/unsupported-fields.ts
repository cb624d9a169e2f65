import { z } from '@hono/zod-openapi'

/** A field of OpenAI's API that this server does not support. Only null is accepted, and counts as absent. */
export function unsupportedField(reason: string) {
  return z
    .null({ error: `not supported: ${reason}` })
    .optional()
    .meta({ description: `Not supported: ${reason}` })
}

/** A field that accepts only its default value. */
export function singleValue<Value extends string | number | boolean>(value: Value, reason: string) {
  return z
    .literal(value, { error: `only ${JSON.stringify(value)} is supported: ${reason}` })
    .nullish()
    .meta({ description: `Only ${JSON.stringify(value)} is supported: ${reason}` })
}

/** A list that must be empty. */
export function emptyList(reason: string) {
  return z
    .array(z.unknown())
    .max(0, { error: `not supported: ${reason}` })
    .nullish()
    .meta({ description: `Not supported: ${reason}` })
}

const ownEnd = 'the model decides where its answer ends.'
const samplers = 'use temperature, top_p, top_k, min_p or XTC instead.'

/** Fields of other servers that would change the answer. Their default values are accepted. */
export const unsupportedShape = {
  min_tokens: singleValue(0, ownEnd),
  ignore_eos: singleValue(false, ownEnd),
  stop_token_ids: emptyList('use stop instead.'),
  include_stop_str_in_output: singleValue(false, 'an answer ends before its stop string.'),
  bad_words: emptyList('use logit_bias instead.'),
  allowed_token_ids: emptyList('use guided_choice or logit_bias instead.'),
  logits_processors: emptyList(samplers),
  prompt_logprobs: unsupportedField('prompts have no log probabilities.'),
  use_beam_search: singleValue(false, samplers),
  length_penalty: singleValue(1, 'beam search is not available.'),
  repeat_penalty: singleValue(1, 'use repetition_penalty instead.'),
  typical_p: singleValue(1, samplers),
  tfs_z: singleValue(1, samplers),
  mirostat: singleValue(0, samplers),
  dynatemp_range: singleValue(0, samplers),
  dry_multiplier: singleValue(0, 'use repetition_penalty instead.'),
  skip_special_tokens: singleValue(true, 'special tokens are not text.'),
  add_generation_prompt: singleValue(true, 'an answer is always a turn of its own.'),
  continue_final_message: singleValue(false, 'an answer is always a turn of its own.'),
  documents: emptyList('put them into a message.'),
  adapters: unsupportedField('settings of the server choose the models.'),
  draft_model: unsupportedField('settings of the server choose the models.'),
}

/**
 * The fields of vLLM and llama.cpp for the format of the text, on an API that has its own.
 *
 * @param instead - That field, such as `text.format`.
 */
export function unsupportedFormats(instead: string) {
  const field = unsupportedField(`use ${instead} instead.`)
  return {
    response_format: field,
    structured_outputs: field,
    guided_json: field,
    guided_choice: field,
    guided_regex: field,
    guided_grammar: field,
    json_schema: field,
    grammar: field,
  }
}

/** Returns the error of a union for an unknown type. Zod's own message covers values that are not objects. */
export function unknownTypeError(message: string) {
  return ({ code }: { code?: string | undefined }) => (code === 'invalid_union' ? message : undefined)
}
