import { type Engine, type GenerateOptions, limits } from 'mlx-app'
import { invalid } from '../errors.ts'
import { resolveMaxTokens } from '../requests/limits.ts'
import type { Settings } from '../settings.ts'
import { toSampling } from './sampling.ts'
import type { TextRequest } from './text-request.ts'

/** What the engine reads token ids with; the model and the signal of the request stand in `options`. */
export interface TokenReader {
  engine: Pick<Engine, 'tokenise' | 'detokenise'>
  options: { model?: string; signal: AbortSignal }
}

/**
 * What the engine is to do for a request, but for the model: one call for each of its prompts.
 *
 * @throws ApiError 400 that names the field, for what is over a limit or does not fit together.
 */
export async function toTextOptions(
  body: TextRequest,
  settings: Settings,
  reader: TokenReader,
): Promise<(GenerateOptions & { prompt: string })[]> {
  const { n, best_of: best, logprobs, echo } = body
  if (best != null && best !== (n ?? 1)) {
    throw invalid('best_of: answers are not ranked here, so it can only be as large as n.', 'best_of')
  }
  if (echo === true && logprobs != null) {
    throw invalid('echo: the log-probabilities of a prompt are not known; leave out one of the two.', 'echo')
  }
  const prompts = await toPrompts(body.prompt, reader)
  const asked = prompts.length * (n ?? 1)
  if (asked > limits.sequences) {
    throw invalid(
      `prompt: at most ${limits.sequences} answers can be asked for at once, not ${asked}.`,
      'prompt',
    )
  }
  const shared = {
    ...toSampling(body),
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

/** The engine takes texts. One stands for token ids only if it is read as those again. */
async function detokeniseExactly(
  tokens: readonly number[],
  param: string,
  reader: TokenReader,
): Promise<string> {
  const { engine, options } = reader
  const text = await engine.detokenise(tokens, options)
  const again = text === '' ? [] : await engine.tokenise(text, options)
  if (again.length === tokens.length && again.every((token, place) => token === tokens[place])) return text
  throw invalid(`${param}: these token ids are no text as this model would read it; send the text.`, param)
}
