import { isDeepStrictEqual } from 'node:util'
import { expect } from 'vitest'
import { isObject } from './api-cases.ts'

/** Values of the answers of one case, by the names that `$same` gives them. */
export type Known = Map<string, unknown>

const kinds: Record<string, (value: unknown) => boolean> = {
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  integer: (value) => Number.isInteger(value),
  boolean: (value) => typeof value === 'boolean',
  object: isObject,
  array: Array.isArray,
}

/** An expected value of a case, with matchers in the place of its `$matches`, `$any`, `$between`, ... */
export function matcherOf(expected: unknown, known: Known): unknown {
  if (Array.isArray(expected)) return expected.map((item) => matcherOf(item, known))
  if (!isObject(expected)) return expected
  const [entry, ...others] = Object.entries(expected)
  if (entry === undefined || !entry[0].startsWith('$')) return fields(expected, known)
  const [name, value] = entry
  if (others.length > 0) throw new Error(`${name} stands alone in its object.`)
  switch (name) {
    case '$matches':
      return expect.stringMatching(new RegExp(String(value)))
    case '$includes':
      return expect.objectContaining(fields(value, known))
    case '$any': {
      const test = kinds[String(value)]
      if (test === undefined) throw new Error(`There is no kind ${value}.`)
      return such(`any ${value}`, test)
    }
    case '$between': {
      const [low, high] = Array.isArray(value) ? value.map(Number) : []
      if (low === undefined || high === undefined) throw new Error('$between takes two numbers.')
      return such(
        `between ${low} and ${high}`,
        (found) => typeof found === 'number' && low <= found && found <= high,
      )
    }
    case '$same':
      return such(`the same as ${value}`, (found) => {
        if (!known.has(String(value))) known.set(String(value), found)
        return isDeepStrictEqual(known.get(String(value)), found)
      })
    case '$differs':
      return such(
        `another value than ${value}`,
        (found) => known.has(String(value)) && !isDeepStrictEqual(known.get(String(value)), found),
      )
    case '$all': {
      const parts = Array.isArray(value) ? value : []
      return such(`all of ${JSON.stringify(value)}`, (found) =>
        parts.every((part) => fits(found, part, known)),
      )
    }
    case '$each':
      return such(
        `a list of ${JSON.stringify(value)}`,
        (found) => Array.isArray(found) && found.every((item) => fits(item, value, known)),
      )
    case '$length':
      return such(
        `a list of length ${JSON.stringify(value)}`,
        (found) => Array.isArray(found) && fits(found.length, value, known),
      )
    case '$json':
      return such(
        `JSON of ${JSON.stringify(value)}`,
        (found) => typeof found === 'string' && fits(parsed(found), value, known),
      )
    default:
      throw new Error(`There is no ${name}.`)
  }
}

/** Whether a value fits an expected one. Objects may have further keys. */
function fits(found: unknown, expected: unknown, known: Known): boolean {
  try {
    // In a list, since toMatchObject takes no other values.
    expect([found]).toMatchObject([matcherOf(expected, known)])
    return true
  } catch {
    return false
  }
}

/** The value of a JSON text, or undefined for any other text. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function fields(expected: unknown, known: Known): Record<string, unknown> {
  if (!isObject(expected)) throw new Error('$includes takes an object.')
  return Object.fromEntries(Object.entries(expected).map(([key, value]) => [key, matcherOf(value, known)]))
}

/** A matcher for `toEqual`; its text stands in the difference that a failing test shows. */
function such(text: string, test: (found: unknown) => boolean) {
  return {
    $$typeof: Symbol.for('jest.asymmetricMatcher'),
    asymmetricMatch: test,
    toString: () => text,
    toAsymmetricMatcher: () => `<${text}>`,
  }
}
