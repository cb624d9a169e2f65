import { requestSchema } from '../../src/engine/protocol.ts'
import { type Random, randomFrom } from './random.ts'

const good = [
  { type: 'generate', id: 1, model: 'hello', prompt: 'a', maxTokens: 3, temperature: 1, stop: ['x'] },
  { type: 'generate', id: 2, model: 'hello', messages: [{ role: 'user', content: 'Say hello.' }] },
  { type: 'load', id: 3, model: 'hello', revision: null, download: false },
  { type: 'unload', id: 4, model: 'hello' },
  { type: 'cancel', id: 5 },
  { type: 'status', id: 6 },
  { type: 'models', id: 7 },
  { type: 'embed', id: 8, model: 'hello', inputs: ['a'] },
  { type: 'tokenise', id: 9, model: 'hello', messages: [{ role: 'user', content: 'a' }], special: true },
  { type: 'detokenise', id: 10, model: 'hello', tokens: [1, 2] },
  {
    type: 'generate',
    id: 11,
    model: 'hello',
    messages: [{ role: 'assistant', content: '', toolCalls: [{ id: 'x', name: 'y', arguments: {} }] }],
    tools: [{ name: 'y', description: '', parameters: {} }],
    responseFormat: { type: 'json_schema', schema: {} },
    templateOptions: { enable_thinking: false },
    n: 2,
    logprobs: 3,
    kvBits: 8,
    deadlineMs: 5,
  },
]

const values: unknown[] = [
  null,
  true,
  -1,
  1.5,
  1e300,
  '',
  'x',
  [],
  {},
  [null],
  [[]],
  ['', 5],
  { role: 'user' },
  'x'.repeat(2000),
  -(2 ** 60),
  'NaN',
]

/**
 * Lines that no request matches: the zod schemas, the other half of the protocol, judge what is malformed.
 *
 * @returns `count` lines without a newline in them, the same for the same seed.
 */
export function* malformedLines(count: number, seed: number): Generator<Buffer> {
  const random = randomFrom(seed)
  const makers = [randomBytes, cutOff, wrongValue, missingKey, extraKey, wrongShape, flippedBytes, nested]
  for (let made = 0; made < count; ) {
    const line = pick(makers, random)(random)
    if (line.length === 0 || line.includes(10) || isRequest(line)) continue
    made += 1
    yield line
  }
}

function isRequest(line: Buffer): boolean {
  try {
    return requestSchema.safeParse(JSON.parse(line.toString('utf8'))).success
  } catch {
    // No JSON: malformed.
    return false
  }
}

function randomBytes(random: Random): Buffer {
  return Buffer.from(Array.from({ length: 1 + Math.floor(random() * 200) }, () => Math.floor(random() * 256)))
}

function cutOff(random: Random): Buffer {
  const line = Buffer.from(JSON.stringify(pick(good, random)))
  return line.subarray(0, Math.floor(random() * (line.length - 1)))
}

function wrongValue(random: Random): Buffer {
  const request: Record<string, unknown> = { ...pick(good, random) }
  request[pick(Object.keys(request), random)] = pick(values, random)
  return Buffer.from(JSON.stringify(request))
}

function missingKey(random: Random): Buffer {
  const request: Record<string, unknown> = { ...pick(good, random) }
  delete request[pick(['type', 'id', 'model'], random)]
  return Buffer.from(JSON.stringify(request))
}

function extraKey(random: Random): Buffer {
  return Buffer.from(JSON.stringify({ ...pick(good, random), [`key${Math.floor(random() * 9)}`]: 1 }))
}

function wrongShape(random: Random): Buffer {
  return Buffer.from(
    JSON.stringify(pick([...values, [pick(good, random)], { request: pick(good, random) }], random)),
  )
}

function flippedBytes(random: Random): Buffer {
  const line = Buffer.from(JSON.stringify(pick(good, random)))
  for (let flips = 0; flips < 3; flips += 1)
    line[Math.floor(random() * line.length)] = Math.floor(random() * 256)
  return line
}

function nested(random: Random): Buffer {
  const depth = 1 + Math.floor(random() * 20_000)
  const open = pick(['[', '{"a":'], random)
  return Buffer.from(`{"type":"generate","id":1,"model":"hello","messages":${open.repeat(depth)}`)
}

function pick<Item>(items: readonly Item[], random: Random): Item {
  const item = items[Math.floor(random() * items.length)]
  if (item === undefined) throw new Error('Nothing to pick from.')
  return item
}
