import * as z from 'zod'
import type { ToolCall, ToolError } from '../results.ts'
import type { RemoteCall } from './response-schemas.ts'

interface OpenCall {
  id: string | undefined
  name: string
  arguments: string
}

export interface ParsedCalls {
  toolCalls: ToolCall[]
  toolErrors: ToolError[]
}

const argumentsSchema = z.record(z.string(), z.unknown())

/** Puts the calls of one sequence together: they come in pieces, their arguments as a text of JSON. */
export class ToolCallAssembly {
  readonly #open = new Map<number, OpenCall>()
  #last = -1
  #count = 0

  /** How many calls there were, good and bad, those under way too. */
  get count(): number {
    return this.#count + this.#open.size
  }

  /** Takes pieces, and gives the calls that came to their end: a call is whole when the next one begins. */
  add(pieces: readonly RemoteCall[]): ParsedCalls {
    const ended: ParsedCalls = { toolCalls: [], toolErrors: [] }
    for (const piece of pieces) {
      const index = piece.index ?? this.#indexOf(piece)
      if (index !== this.#last) appendCalls(ended, this.end())
      this.#last = index
      const call = this.#open.get(index) ?? { id: undefined, name: '', arguments: '' }
      this.#open.set(index, {
        id: call.id ?? piece.id ?? undefined,
        name: call.name + (piece.function?.name ?? ''),
        arguments: call.arguments + (piece.function?.arguments ?? ''),
      })
    }
    return ended
  }

  /** The calls that are left when the text ends. */
  end(): ParsedCalls {
    const ended: ParsedCalls = { toolCalls: [], toolErrors: [] }
    for (const [index, call] of this.#open) appendCalls(ended, finishCall(call, index))
    this.#count += this.#open.size
    this.#open.clear()
    return ended
  }

  /** For servers that leave the index out: a piece with another id begins a call, one without goes on with it. */
  #indexOf({ id }: RemoteCall): number {
    const open = this.#open.get(this.#last)
    const goesOn = open !== undefined && (typeof id !== 'string' || id === open.id)
    return goesOn ? this.#last : this.#last + 1
  }
}

function finishCall(call: OpenCall, index: number): ParsedCalls {
  const raw = JSON.stringify({ name: call.name, arguments: call.arguments })
  const failed = (message: string) => ({ toolCalls: [], toolErrors: [{ raw, message }] })
  if (call.name === '') return failed('The call has no name.')
  let value: unknown
  try {
    value = JSON.parse(call.arguments === '' ? '{}' : call.arguments)
  } catch (error) {
    return failed(`The arguments are no JSON: ${error instanceof Error ? error.message : error}`)
  }
  const parsed = argumentsSchema.safeParse(value)
  if (!parsed.success) return failed('The arguments are no JSON object.')
  return {
    toolCalls: [{ id: call.id ?? `call_${index}`, name: call.name, arguments: parsed.data }],
    toolErrors: [],
  }
}

export function appendCalls(calls: ParsedCalls, more: ParsedCalls): void {
  calls.toolCalls.push(...more.toolCalls)
  calls.toolErrors.push(...more.toolErrors)
}
