import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { helloDirectory } from './support.ts'

const tokenizerSchema = z.looseObject({
  added_tokens: z.array(z.looseObject({ id: z.int(), content: z.string() })).nonempty(),
  model: z.looseObject({
    vocab: z.record(z.string(), z.int()),
    merges: z.array(z.tuple([z.string(), z.string()])),
  }),
})

/** Tokens that the model reads and writes anyway, as its tokenizer spells them, and what they become. */
const markers = { '\u010a': '<think>', '\u0120five': '</think>' }

/**
 * The hello model as one that thinks: the line break at the end of its prompt opens the reasoning, and the word
 * "five" ends it. So it counts to four in thought, and from six on aloud.
 */
export function makeThinkingModel(folder: string): string {
  const path = join(folder, 'thinking')
  cpSync(helloDirectory, path, { recursive: true })

  const file = join(path, 'tokenizer.json')
  const tokenizer = tokenizerSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  const { vocab, merges } = tokenizer.model
  for (const [token, content] of Object.entries(markers)) {
    const id = z.int().parse(vocab[token])
    // In both places, or the library of tokenizers gives the marker a number of its own.
    vocab[content] = id
    delete vocab[token]
    tokenizer.added_tokens.push({ ...tokenizer.added_tokens[0], id, content })
  }
  tokenizer.added_tokens.sort((one, other) => one.id - other.id)
  tokenizer.model.merges = merges.filter(
    (pair) => ![...pair, pair.join('')].some((token) => Object.hasOwn(markers, token)),
  )
  writeFileSync(file, JSON.stringify(tokenizer))

  const template = join(path, 'chat_template.jinja')
  writeFileSync(template, readFileSync(template, 'utf8').replaceAll('\\n', '<think>'))
  return path
}
