import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { type Capability, capabilities } from '../../src/engine/remote/servers.ts'

const callShape = {
  call: z
    .enum([
      'complete',
      'countTokens',
      'detokenise',
      'embed',
      'generate',
      'loadModel',
      'models',
      'status',
      'tokenise',
      'unloadModel',
    ])
    .default('complete'),
  ask: z.string().optional(),
  options: z.record(z.string(), z.json()).default({}),
  answer: z.json().optional(),
  chunks: z.array(z.json()).min(1).optional(),
  pieces: z.json().optional(),
  error: z
    .strictObject({
      code: z.string(),
      names: z.string().optional(),
      message: z.json().optional(),
      hint: z.json().optional(),
    })
    .optional(),
}

const hasOneOutcome = ({ answer, chunks, error }: { answer?: unknown; chunks?: unknown; error?: unknown }) =>
  [answer, chunks, error].filter((outcome) => outcome !== undefined).length === 1
const outcomeError = 'Each call expects an answer, chunks or an error.'

const call = z.strictObject(callShape).refine(hasOneOutcome, { error: outcomeError })
/** Calls that are made at the same time. */
const step = z.union([
  z.strictObject({ together: z.array(call).min(2) }).transform(({ together }) => together),
  call.transform((one) => [one]),
])

const head = { title: z.string().min(1), needs: z.array(z.enum(capabilities)).optional() }

const engineCase = z.union([
  z.strictObject({ ...head, steps: z.array(step).min(1) }),
  z
    .strictObject({ ...head, ...callShape })
    .refine(hasOneOutcome, { error: outcomeError })
    .transform(({ title, needs, ...one }) => ({ title, needs, steps: [[one]] })),
])

const file = z.union([
  z.array(engineCase).transform((cases) => ({ sendsNothing: false, cases })),
  z.strictObject({ sendsNothing: z.boolean(), cases: z.array(engineCase) }),
])

export type Call = z.output<typeof call>

export interface EngineCase {
  title: string
  /** What another server must support. Cases without it are only for engines that run the model themselves. */
  needs?: readonly Capability[] | undefined
  steps: readonly (readonly Call[])[]
}

export interface CaseFile {
  name: string
  /** Whether the engine must refuse the calls without decoding anything. */
  sendsNothing: boolean
  cases: readonly EngineCase[]
}

const folder = join(import.meta.dirname, '../../engine-cases')

/** Reads all cases. The README next to them describes their form. */
export function readCaseFiles(): CaseFile[] {
  const names = readdirSync(join(folder, 'cases')).sort()
  return names.map((name) => {
    const parsed = file.safeParse(readJson(join('cases', name)))
    if (!parsed.success) throw new Error(`${name}: ${z.prettifyError(parsed.error)}`)
    return { name: name.replace(/\.json$/, ''), ...parsed.data }
  })
}

/** Reads a file that cases refer to. */
export function readCaseValue(name: string): unknown {
  return readJson(join('files', name))
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(join(folder, path), 'utf8'))
}
