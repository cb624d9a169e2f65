import { type Engine, type GenerateOptions, limits } from 'mlx-app'
import { invalid } from '../errors.ts'
import { resolveMaxTokens } from '../requests/limits.ts'
import type { Settings } from '../settings.ts'
import { toRequestedFormat } from './format-fields.ts'
import { toSampling } from './sampling.ts'
import type { TextRequest } from './text-request.ts'

/** Converts token IDs to text with the model and the signal of the request. */
export interface TokenReader {
  engine: Pick<Engine, 'tokenise' | 'detokenise'>
  options: { model?: string; signal: AbortSignal }
}

/**
 * Converts a request to the engine's options, one for each prompt, except for the model.
 *
 * @throws ApiError 400 if a limit is exceeded or fields contradict each other.
 */
export async function toTextOptions(
  body: TextRequest,
  settings: Settings,
  reader: TokenReader,
): Promise<(GenerateOptions & { prompt: string })[]> {
  const { n, best_of: best, logprobs, echo } = body
  if (best != null && best !== (n ?? 1)) {
    throw invalid('best_of: must equal n, because answers are not ranked.', 'best_of')
  }
  if (echo === true && logprobs != null) {
    throw invalid(
      'echo: cannot be combined with logprobs, because prompts have no log probabilities.',
      'echo',
    )
  }
  const prompts = await toPrompts(body.prompt, reader)
  const asked = prompts.length * (n ?? 1)
  if (asked > limits.sequences) {
    throw invalid(
      `prompt: at most ${limits.sequences} answers are allowed, but ${asked} were requested.`,
      'prompt',
    )
  }
  const shared = {
    ...toSampling(body),
    ...toRequestedFormat(body),
    ...(logprobs != null && { logprobs }),
    maxTokens: resolveMaxTokens(body.max_tokens, settings, 'max_tokens'),
  }
  return prompts.map((prompt) => ({ ...shared, prompt }))
}

async function toPrompts(prompt: TextRequest['prompt'], reader: TokenReader): Promise<string[]> {
  if (typeof prompt === 'string') return [prompt]
  const texts: string[] = []
  const single: number[] = []
  for (const [place, item] of prompt.entries()) {
    if (typeof item === 'string') texts.push(item)
    else if (typeof item === 'number') single.push(item)
    else texts.push(await detokeniseExactly(item, `prompt.${place}`, reader))
  }
  return single.length > 0 ? [await detokeniseExactly(single, 'prompt', reader)] : texts
}

/** Converts token IDs to text, which is what the engine takes. The text must tokenise to the same IDs. */
async function detokeniseExactly(
  tokens: readonly number[],
  param: string,
  reader: TokenReader,
): Promise<string> {
  const { engine, options } = reader
  const text = await engine.detokenise(tokens, options)
  const again = text === '' ? [] : await engine.tokenise(text, options)
  if (again.length === tokens.length && again.every((token, place) => token === tokens[place])) return text
  throw invalid(
    `${param}: these token ids are not the model's tokenisation of a text. Send the text instead.`,
    param,
  )
}
