import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

const stepShape = {
  request: z.strictObject({
    method: z.string().optional(),
    path: z.string().startsWith('/'),
    headers: z.record(z.string(), z.string()).optional(),
    body: z.json().optional(),
    rawBody: z.json().optional(),
  }),
  status: z.int(),
  headers: z.record(z.string(), z.json()).optional(),
  answer: z.json().optional(),
  events: z
    .array(z.strictObject({ event: z.string().optional(), data: z.json() }))
    .min(1)
    .optional(),
}

const stepSchema = z
  .strictObject(stepShape)
  .refine(({ answer, events }) => (answer === undefined) !== (events === undefined), {
    error: 'Each request expects either an answer or events.',
  })

const title = z.string().min(1)

const caseSchema = z
  .union([
    z.strictObject({ title, ...stepShape }).transform(({ title, ...step }) => ({ title, steps: [step] })),
    z.strictObject({ title, steps: z.array(z.strictObject(stepShape)).min(1) }),
  ])
  .pipe(z.object({ title, steps: z.array(stepSchema) }))

const fileSchema = z.union([
  z.array(caseSchema).transform((cases) => ({ environment: {}, cases })),
  z.strictObject({ environment: z.record(z.string(), z.string()), cases: z.array(caseSchema).min(1) }),
])

/** A request and what must come back. */
export type Step = z.output<typeof stepSchema>
export type ApiCase = z.output<typeof caseSchema>

export interface CaseFile {
  name: string
  /** Settings of the server that the cases ask. */
  environment: Record<string, string>
  cases: ApiCase[]
}

const folder = join(import.meta.dirname, '../api-cases/cases')

/** All files of cases; how they are written stands in the README beside them. */
export function readCases(): CaseFile[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'))
  return names.sort().map((name) => {
    const parsed = fileSchema.safeParse(readJson(join(folder, name)))
    if (!parsed.success) throw new Error(`${name}: ${z.prettifyError(parsed.error)}`)
    return { name: name.replace(/\.json$/, ''), ...parsed.data }
  })
}

/** What the values with a `$` in a case stand for, by that name. */
export type Replacements = Record<string, (value: unknown) => unknown>

/** A value of a request as it is sent: `$repeat` and `$file` written out, `$same` taken from an earlier answer. */
export function expand(value: unknown, known: ReadonlyMap<string, unknown>): unknown {
  return replaceValues(value, {
    $file: (name) => readFile(String(name)),
    $same: (name) => known.get(String(name)),
  })
}

/** A value of a case with `$repeat` and the given replacements written out. */
export function replaceValues(value: unknown, replacements: Replacements): unknown {
  if (Array.isArray(value)) {
    return value.flatMap((item) => repeated(item, replacements) ?? [replaceValues(item, replacements)])
  }
  if (!isObject(value)) return value
  if (isObject(value.$repeat) && typeof value.$repeat.text === 'string') {
    return value.$repeat.text.repeat(Number(value.$repeat.times))
  }
  for (const [name, replace] of Object.entries(replacements)) {
    if (name in value) return replace(value[name])
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, replaceValues(item, replacements)]),
  )
}

/** The items that `{"$repeat": {"item": ..., "times": 3}}` stands for in a list. */
function repeated(item: unknown, replacements: Replacements): unknown[] | undefined {
  if (!isObject(item) || !isObject(item.$repeat) || item.$repeat.item === undefined) return undefined
  const { item: one, times } = item.$repeat
  return Array.from({ length: Number(times) }, () => replaceValues(one, replacements))
}

function readFile(name: string): unknown {
  const path = join(folder, 'files', name)
  return name.endsWith('.json') ? readJson(path) : readFileSync(path, 'utf8')
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'))
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
