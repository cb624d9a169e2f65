import { join } from 'node:path'
import { expect } from 'vitest'
import { replaceValues } from '../../../server/test/api-cases.ts'
import { type Known, matcherOf } from '../../../server/test/api-matchers.ts'
import type { Chunk, CountOptions, EmbedOptions, Engine, GenerateOptions } from '../../src/engine/index.ts'
import { type Call, type EngineCase, readCaseValue } from './case-files.ts'
import type { Context } from './cases.ts'
import { answerTo, ask } from './support.ts'

/** Makes the calls of a case, and compares their outcomes with the expected ones. */
export async function runCase({ steps }: EngineCase, { engine, folder }: Context): Promise<void> {
  const known: Known = new Map()
  for (const calls of steps) {
    const outcomes = await Promise.all(calls.map((call) => outcomeOf(engine, call, known, folder)))
    for (const [index, call] of calls.entries()) check(call, outcomes[index] ?? {}, known, folder)
  }
}

interface Outcome {
  answer?: unknown
  /** The chunks of each sequence, joined. */
  chunks?: unknown[]
  /** The number of chunks. */
  pieces?: number
  error?: unknown
}

function check(call: Call, outcome: Outcome, known: Known, folder: string): void {
  if ('error' in outcome && call.error === undefined) throw outcome.error
  const { names, ...error } = call.error ?? {}
  const expected = {
    ...(call.answer !== undefined && { answer: call.answer }),
    ...(call.chunks !== undefined && { chunks: call.chunks }),
    ...(call.pieces !== undefined && { pieces: call.pieces }),
    ...(call.error !== undefined && { error }),
  }
  expect(outcome).toMatchObject(Object(matcherOf(replaceValues(expected, ours(folder)), known)))
  if (names !== undefined) expect(outcome.error).toHaveProperty('message', expect.stringContaining(names))
}

/** The values that only these cases have. */
function ours(folder: string) {
  return {
    $answerTo: (question: unknown) => answerTo(String(question)),
    $path: (name: unknown) => join(folder, String(name)),
  }
}

async function outcomeOf(engine: Engine, call: Call, known: Known, folder: string): Promise<Outcome> {
  const options = replaceValues(
    call.ask === undefined ? call.options : { ...ask(call.ask), ...call.options },
    {
      ...ours(folder),
      $file: (name) => readCaseValue(String(name)),
      $number: Number,
      $same: (name) => known.get(String(name)),
    },
  )
  try {
    if (call.call !== 'generate') return { answer: await answerOf(engine, call.call, options) }
    const chunks: Chunk[] = []
    for await (const chunk of engine.generate(options as GenerateOptions)) chunks.push(chunk)
    return { chunks: joined(chunks), pieces: chunks.length }
  } catch (error) {
    return { error }
  }
}

// What the types forbid, some of the cases pass nevertheless.
async function answerOf(engine: Engine, call: Exclude<Call['call'], 'generate'>, options: unknown) {
  const { model, text, tokens } = options as { model?: string; text: string; tokens: number[] }
  switch (call) {
    case 'complete':
      return engine.complete(options as GenerateOptions)
    case 'countTokens':
      return engine.countTokens(options as CountOptions)
    case 'embed':
      return engine.embed(options as EmbedOptions)
    case 'tokenise':
      return engine.tokenise(text)
    case 'detokenise':
      return engine.detokenise(tokens)
    case 'loadModel':
      return engine.loadModel(options as object)
    case 'unloadModel':
      return engine.unloadModel(model)
    case 'models':
      return engine.models()
    case 'status':
      return engine.status()
  }
}

/** One chunk for each sequence, with all that its chunks have. */
function joined(chunks: readonly Chunk[]): Chunk[] {
  const sequences: Chunk[] = []
  for (const chunk of chunks) {
    const before = sequences[chunk.index]
    sequences[chunk.index] = {
      ...before,
      ...chunk,
      text: (before?.text ?? '') + chunk.text,
      toolCalls: [...(before?.toolCalls ?? []), ...(chunk.toolCalls ?? [])],
      logprobs: [...(before?.logprobs ?? []), ...(chunk.logprobs ?? [])],
    }
  }
  return sequences
}
