/** Each type of zod as a format and as the parameters of a demanded tool: enforced, or refused with the place. */
import { expect, test } from 'vitest'
import { z } from 'zod'
import { ask, useEngine } from './support.ts'

const shared = useEngine()

const tagged = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('a'), size: z.int().min(0).max(9) }),
  z.object({ kind: z.literal('b'), name: z.string().max(4) }),
])
const tree = z.object({
  value: z.boolean(),
  get children() {
    return z.array(tree).max(2)
  },
})
const word = z.string().max(5)

const oldEmail = String.raw`^(?!\.)(?!.*\.\.)([A-Za-z0-9_'+\-\.]*)[A-Za-z0-9_+-]@([A-Za-z0-9][A-Za-z0-9\-]*\.)+[A-Za-z]{2,}$`

const types: Record<string, z.ZodType> = {
  string: word,
  email: z.email(),
  'email before zod 4.4': z.string().regex(new RegExp(oldEmail)),
  uuid: z.uuid(),
  uuidv7: z.uuidv7(),
  guid: z.guid(),
  url: z.url(),
  httpUrl: z.httpUrl(),
  hostname: z.hostname(),
  emoji: z.emoji(),
  base64: z.base64(),
  base64url: z.base64url(),
  hex: z.hex(),
  hash: z.hash('md5'),
  jwt: z.jwt(),
  nanoid: z.nanoid(),
  cuid: z.cuid(),
  cuid2: z.cuid2(),
  ulid: z.ulid(),
  xid: z.xid(),
  ksuid: z.ksuid(),
  e164: z.e164(),
  mac: z.mac(),
  ipv4: z.ipv4(),
  ipv6: z.ipv6(),
  cidrv4: z.cidrv4(),
  cidrv6: z.cidrv6(),
  'iso.date': z.iso.date(),
  'iso.time': z.iso.time(),
  'iso.datetime': z.iso.datetime(),
  'iso.datetime with offset': z.iso.datetime({ offset: true }),
  'iso.duration': z.iso.duration(),
  lowercase: word.lowercase(),
  'starts and ends': z.string().startsWith('a').endsWith('b').max(9),
  includes: z.string().includes('b').max(9),
  regex: z.string().regex(/^[A-Z]{2}\d+\/x$/),
  'regex with look-ahead': z.string().regex(/^(?!a)b/),
  templateLiteral: z.templateLiteral(['v', z.number(), '-', z.enum(['a', 'b'])]),
  number: z.number(),
  'number range': z.number().gt(-1.5).lt(2.5),
  int: z.int(),
  int32: z.int32(),
  uint32: z.uint32(),
  float32: z.float32(),
  float64: z.float64(),
  int64: z.int().meta({ minimum: -(2 ** 63), maximum: 2 ** 63 }),
  multipleOf: z.int().multipleOf(5).min(0).max(50),
  boolean: z.boolean(),
  null: z.null(),
  literal: z.literal(['a', 1, true, null]),
  enum: z.enum(['red', 'blue']),
  any: z.any(),
  unknown: z.unknown(),
  object: z.object({ a: word, b: z.int().min(0).max(9).optional() }),
  strictObject: z.strictObject({ a: z.boolean() }),
  'loose object': z.looseObject({ a: z.boolean() }),
  catchall: z.object({ a: z.boolean() }).catchall(z.int()),
  array: z.array(z.boolean()).min(1).max(3),
  tuple: z.tuple([z.boolean(), word]),
  'tuple with rest': z.tuple([z.boolean()], z.int()),
  record: z.record(word, z.boolean()),
  'record of an enum': z.record(z.enum(['a', 'b']), z.boolean()),
  partialRecord: z.partialRecord(z.enum(['a', 'b']), z.boolean()),
  'record of a regex': z.record(z.string().regex(/^x\d$/), z.boolean()),
  union: z.union([z.boolean(), word, z.object({ a: z.null() })]),
  xor: z.xor([z.boolean(), word]),
  'xor of what overlaps': z.xor([z.object({ a: z.boolean() }), z.object({ a: z.unknown() })]),
  discriminatedUnion: tagged,
  intersection: z.intersection(z.object({ a: z.boolean() }), z.object({ b: z.boolean() })),
  recursive: tree,
  default: z.boolean().default(true),
  catch: z.boolean().catch(true),
  readonly: z.array(z.boolean()).max(2).readonly(),
  branded: word.brand<'Word'>(),
  described: z.boolean().meta({ title: 'T', description: 'D', examples: [true], deprecated: true, odd: 1 }),
  pipe: z.boolean().pipe(z.boolean()),
  stringbool: z.stringbool(),
  json: z.json(),
  file: z.looseObject({ path: z.string().meta({ format: 'path' }) }),
}

/** Types whose JSON Schema allows more than they do. For emoji it depends on the version of Unicode. */
const looser = ['emoji', 'jwt', 'number', 'stringbool']

/** Where and why a type is refused in `value`, `$` being the type itself. */
const refused: Record<string, RegExp> = {
  'regex with look-ahead': /at \$\.properties\.value\S*: look-around/,
  'xor of what overlaps': /at \$\.properties\.value\S*: oneOf constraints are not supported/,
}

const uses: Record<string, (type: z.ZodType) => z.ZodType> = {
  plain: (type) => type,
  optional: (type) => type.optional(),
  nullable: (type) => type.nullable(),
  listed: (type) => z.array(type).max(2),
}

test('there are hundreds', () => {
  expect(Object.keys(types).length * Object.keys(uses).length).toBeGreaterThan(300)
})

for (const [name, type] of Object.entries(types)) {
  test(name, { timeout: 60_000 }, async () => {
    const calls = Object.values(uses).map(async (use, seed) => {
      const schema = z.object({ value: use(type) })
      const { engine } = shared
      const sampling = { ...ask('Write JSON.'), maxTokens: 40, temperature: 2, seed }
      const tools = [{ name: 'save', parameters: schema }]
      const object = engine.generateObject({ ...sampling, schema })
      const call = engine.complete({ ...sampling, tools, toolChoice: 'required', parallelToolCalls: false })
      const [asObject, asCall] = await Promise.allSettled([object, call])
      if (name in refused) {
        for (const one of [asObject, asCall]) {
          expect(one).toMatchObject({ status: 'rejected', reason: { code: 'INVALID_REQUEST' } })
          expect(one.status === 'rejected' && one.reason.message).toMatch(refused[name] ?? /^/)
        }
        return
      }
      if (asObject.status === 'rejected') expect(asObject.reason.code).toBe('INVALID_OUTPUT')
      if (asCall.status === 'rejected') throw asCall.reason
      if (looser.includes(name)) return
      // A value that zod itself accepts, unless the text was cut off.
      if (asObject.status === 'rejected') expect(asObject.reason.message).toContain('was cut off')
      for (const { arguments: given } of asCall.value.toolCalls) schema.parse(given)
    })
    await Promise.all(calls)
  })
}
