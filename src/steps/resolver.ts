import type { Answers } from '../choices.ts'
import type { Arguments } from '../command-line/arguments.ts'
import { type DefaultContext, type ValueId, valueOption } from '../command-line/options.ts'
import type { Prompter } from '../terminal/prompter.ts'

/** Resolves options: from the command line, else by asking the user, else by their defaults. */
export interface Resolver {
  given: Arguments
  /** The prompter; undefined if nobody is asked. */
  prompter: Prompter | undefined
  defaultContext: DefaultContext
  /** The options whose default was used. */
  byDefault: Set<ValueId>
}

/**
 * Asks the user for an option.
 *
 * @param initial the default, which is selected at first.
 * @returns the answer; undefined if there is nothing to ask.
 */
type Ask = (prompter: Prompter, question: string, initial: string) => Promise<string | undefined>

/**
 * Resolves an option.
 *
 * @param answers the answers so far, which the default may depend on.
 * @param ask asks the registry's question; an option without it is never asked for.
 * @returns its value; undefined if it is left out.
 */
export async function resolveOption(
  resolver: Resolver,
  id: ValueId,
  answers: Partial<Answers>,
  ask?: Ask,
): Promise<string | undefined> {
  const { given, prompter, defaultContext } = resolver
  const value = given.values.get(id)
  if (value !== undefined) return value
  const { question, defaultValue } = valueOption(id)
  const initial = await defaultValue(defaultContext, answers)
  if (prompter !== undefined && ask !== undefined && question !== undefined) {
    const answer = await ask(prompter, question, initial ?? '')
    if (answer !== undefined) return answer
  }
  return recordDefault(resolver, id, initial)
}

/** Resolves an option to its default, and records that nobody chose it. */
export async function resolveDefault(
  resolver: Resolver,
  id: ValueId,
  answers: Partial<Answers>,
): Promise<string | undefined> {
  return recordDefault(resolver, id, await valueOption(id).defaultValue(resolver.defaultContext, answers))
}

function recordDefault({ byDefault }: Resolver, id: ValueId, value: string | undefined): string | undefined {
  if (value !== undefined) byDefault.add(id)
  return value
}
