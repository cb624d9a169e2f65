import { type Random, randomFrom } from '../../engine/test/engine/random.ts'
import { endpoints, type PostEndpoint } from './post-endpoints.ts'

/** A body that an endpoint must answer with a 4xx, or one that it may also answer, but never with a 5xx. */
export interface OddBody {
  path: string
  body: Buffer
  /** What was done to it, for the message of a test that fails. */
  kind: string
  malformed: boolean
}

const anyValues: unknown[] = [
  true,
  -1,
  1.5,
  1e300,
  2 ** 60,
  '',
  'x',
  'nul\0 and \u202e and \ud800 and \u{10ffff}',
  'x'.repeat(20_000),
  '../../etc/passwd',
  [],
  {},
  [null],
  [[]],
  ['', 5],
  { type: 'function' },
  { constructor: { prototype: 1 } },
]

type Maker = (endpoint: PostEndpoint, random: Random) => string | Buffer | undefined

/** Each gives bodies that nobody can take for good ones; undefined where it has none for an endpoint. */
const malformed: Record<string, Maker> = {
  randomBytes: (_, random) => {
    const bytes = Buffer.from(Array.from({ length: 1 + below(300, random) }, () => below(256, random)))
    return isJson(bytes) ? undefined : bytes
  },
  cutOff: ({ good }, random) => {
    const bytes = Buffer.from(JSON.stringify(good))
    return bytes.subarray(0, below(bytes.length, random))
  },
  flippedBytes: ({ good }, random) => {
    const bytes = Buffer.from(JSON.stringify(good))
    for (let flips = 0; flips < 3; flips += 1) bytes[below(bytes.length, random)] = below(256, random)
    return isJson(bytes) ? undefined : bytes
  },
  notUtf8: ({ good }, random) => {
    const bytes = Buffer.from(JSON.stringify({ ...good, user: 'here:x' }))
    bytes[bytes.indexOf('here:x') + 5] = 0x80 + below(0x80, random)
    return bytes
  },
  utf16: ({ good }) => Buffer.from(JSON.stringify(good), 'utf16le'),
  twice: ({ good }) => JSON.stringify(good) + JSON.stringify(good),
  wrongRoot: ({ good }, random) => JSON.stringify(pick([null, 5, 'x', [], [good], true, ''], random)),
  missing: ({ good, required }, random) => {
    if (required.length === 0) return undefined
    const left: Record<string, unknown> = { ...good }
    delete left[pick(required, random)]
    return JSON.stringify(left)
  },
  wrongType: ({ good, admits }, random) => {
    const field = pick(Object.keys(good), random)
    const types = [typeOf(good[field]), ...(admits[field] ?? [])]
    const value = pick(
      anyValues.filter((value) => !types.includes(typeOf(value))),
      random,
    )
    return JSON.stringify({ ...good, [field]: value })
  },
  wrongValue: ({ good, wrong }, random) => {
    const [field, value] = pick(wrong, random)
    return JSON.stringify({ ...good, [field]: value })
  },
  hugeNumber: ({ good }, random) => {
    const field = Object.keys(good).find((name) => typeof good[name] === 'number')
    if (field === undefined) return undefined
    const number = pick(['1e999', '-1e999', '9'.repeat(400), '-0.5', '1e-400e'], random)
    return JSON.stringify({ ...good, [field]: 'HERE' }).replace('"HERE"', number)
  },
  deep: ({ good }, random) => {
    const open = pick(['[', '{"a":'], random)
    const depth = 200 + below(100_000, random)
    const close = (open === '[' ? ']' : '}').repeat(random() < 0.5 ? depth : 0)
    return JSON.stringify({ ...good, user: 'HERE' }).replace('"HERE"', `${open.repeat(depth)}1${close}`)
  },
  manyValues: ({ good }) => JSON.stringify({ ...good, user: Array.from({ length: 60_000 }, () => 1) }),
}

/** Each gives bodies that are odd, and good or not. */
const odd: Record<string, Maker> = {
  anyValue: ({ good }, random) =>
    JSON.stringify({ ...good, [pick(Object.keys(good), random)]: pick(anyValues, random) }),
  unknownField: ({ good }, random) =>
    JSON.stringify({ ...good, [`key${below(9, random)}`]: pick(anyValues, random) }),
  twoOfOne: ({ good }, random) => {
    const field = pick(Object.keys(good), random)
    return `${JSON.stringify(good).slice(0, -1)},${JSON.stringify(field)}:${JSON.stringify(pick(anyValues, random))}}`
  },
  prototype: ({ good }, random) => {
    const name = pick(['__proto__', 'constructor', 'toString', 'hasOwnProperty'], random)
    return `${JSON.stringify(good).slice(0, -1)},"${name}":${JSON.stringify(pick([good, ...anyValues], random))}}`
  },
  byteOrderMark: ({ good }) => `\ufeff${JSON.stringify(good)}`,
  inside: ({ good }, random) => {
    const text = JSON.stringify(good)
    const strings = [...text.matchAll(/:("[^"]*"|\d+)/g)]
    const { index = 0, 1: value = '' } = pick(strings, random)
    const other = JSON.stringify(pick(anyValues, random))
    return text.slice(0, index + 1) + other + text.slice(index + 1 + value.length)
  },
}

/** @returns `count` bodies for all endpoints, three of four malformed for sure, the same for the same seed. */
export function* oddBodies(count: number, seed: number): Generator<OddBody> {
  const random = randomFrom(seed)
  for (let made = 0; made < count; ) {
    const endpoint = pick(endpoints, random)
    const isMalformed = random() < 0.75
    const [kind, make] = pick(Object.entries(isMalformed ? malformed : odd), random)
    const body = make(endpoint, random)
    if (body === undefined) continue
    made += 1
    yield { path: endpoint.path, body: Buffer.from(body), kind, malformed: isMalformed }
  }
}

function isJson(bytes: Buffer): boolean {
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    return true
  } catch {
    // That is what was asked.
    return false
  }
}

function typeOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}

const below = (most: number, random: Random) => Math.floor(random() * most)

function pick<Item>(items: readonly Item[], random: Random): Item {
  const item = items[below(items.length, random)]
  if (item === undefined) throw new Error('Nothing to pick from.')
  return item
}
