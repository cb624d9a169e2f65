import { isObject } from './api-cases.ts'

/** One event of a stream; `data` is parsed where it is JSON. */
export interface StreamEvent {
  event?: string
  data: unknown
}

/** Reads a whole stream of events; comments, which keep connections alive, are passed over. */
export function parseEvents(text: string): StreamEvent[] {
  if (text !== '' && !text.endsWith('\n\n')) throw new Error('The stream was cut in the middle of an event.')
  return text.split('\n\n').flatMap((block) => {
    const lines = block.split('\n').filter((line) => line !== '' && !line.startsWith(':'))
    if (lines.length === 0) return []
    const event = lines.find((line) => line.startsWith('event: '))?.slice('event: '.length)
    const data = lines.flatMap((line) => (line.startsWith('data: ') ? [line.slice('data: '.length)] : []))
    return [{ ...(event !== undefined && { event }), data: parsed(data.join('\n')) }]
  })
}

function parsed(data: string): unknown {
  try {
    return JSON.parse(data)
  } catch {
    // As `[DONE]`, which is no JSON.
    return data
  }
}

/**
 * The events as cases hold them, whatever pieces they came in: choices in the order of their index, and what is
 * adjacent and differs in its piece of text only put together.
 */
export function joinPieces(events: readonly StreamEvent[]): StreamEvent[] {
  const joined: StreamEvent[] = []
  for (const event of byIndex(events)) {
    const before = joined.at(-1)
    const both = before === undefined ? undefined : join(before, event)
    if (both === undefined) joined.push(event)
    else joined[joined.length - 1] = both
  }
  return joined
}

/** Sorts what comes between two events that belong to no single choice. */
function byIndex(events: readonly StreamEvent[]): StreamEvent[] {
  const sorted: StreamEvent[] = []
  let run: StreamEvent[] = []
  const flush = () => {
    sorted.push(...run.sort((one, other) => (indexOf(one) ?? 0) - (indexOf(other) ?? 0)))
    run = []
  }
  for (const event of events) {
    if (indexOf(event) !== undefined) run.push(event)
    else {
      flush()
      sorted.push(event)
    }
  }
  flush()
  return sorted
}

function indexOf({ data }: StreamEvent): number | undefined {
  const choices = isObject(data) && Array.isArray(data.choices) ? data.choices : []
  const [choice] = choices
  return choices.length === 1 && isObject(choice) && typeof choice.index === 'number'
    ? choice.index
    : undefined
}

/** Both in one, or undefined where they differ in more than a piece of text. */
function join(one: StreamEvent, other: StreamEvent): StreamEvent | undefined {
  if (one.event !== other.event) return undefined
  const pieces = { count: 0 }
  const data = joinValues(one.data, other.data, [], pieces)
  return data === different || pieces.count === 0 ? undefined : { ...one, data }
}

const different = Symbol('different')

function joinValues(one: unknown, other: unknown, path: string[], pieces: { count: number }): unknown {
  if (typeof one === 'string' && typeof other === 'string' && isPiece(path)) {
    pieces.count += 1
    return one + other
  }
  if (Array.isArray(one) && Array.isArray(other)) {
    // The lists of log-probabilities go with the text.
    if (path.includes('logprobs')) return [...one, ...other]
    if (one.length !== other.length) return different
    const items = one.map((item, place) => joinValues(item, other[place], [...path, String(place)], pieces))
    return items.includes(different) ? different : items
  }
  if (isObject(one) && isObject(other)) {
    const keys = Object.keys(one)
    if (keys.join() !== Object.keys(other).join()) return different
    const entries = keys.map(
      (key) => [key, joinValues(one[key], other[key], [...path, key], pieces)] as const,
    )
    return entries.some(([, value]) => value === different) ? different : Object.fromEntries(entries)
  }
  // It counts the events of a stream, so that it always differs.
  if (path.at(-1) === 'sequence_number') return one
  return one === other ? one : different
}

const pieceKeys = ['content', 'reasoning', 'reasoning_content', 'text', 'thinking', 'partial_json']

/** `choices[].delta.content`, `choices[].text`, `delta.text`, `delta`, ...: where the APIs have their pieces of text. */
function isPiece(path: readonly string[]): boolean {
  const last = path.at(-1) ?? ''
  const parent = path.at(-2)
  if (path.length === 1) return last === 'delta'
  return pieceKeys.includes(last) && (parent === 'delta' || (path[0] === 'choices' && path.length === 3))
}
