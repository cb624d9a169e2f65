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

/** Assembles the calls of one sequence, which come in pieces with their arguments as JSON text. */
export class ToolCallAssembly {
  readonly #open = new Map<number, OpenCall>()
  #last = -1
  #count = 0

  /** The number of calls so far, including invalid and incomplete ones. */
  get count(): number {
    return this.#count + this.#open.size
  }

  /** Adds pieces, and returns the calls that they complete. A call is complete when the next one begins. */
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

  /** Returns the calls that are left when the text ends. */
  end(): ParsedCalls {
    const ended: ParsedCalls = { toolCalls: [], toolErrors: [] }
    for (const [index, call] of this.#open) appendCalls(ended, finishCall(call, index))
    this.#count += this.#open.size
    this.#open.clear()
    return ended
  }

  /** Finds the index for servers that leave it out. A piece with another id begins a call, and one without continues it. */
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
    return failed(`The arguments are not valid JSON: ${error instanceof Error ? error.message : error}`)
  }
  const parsed = argumentsSchema.safeParse(value)
  if (!parsed.success) return failed('The arguments are not a JSON object.')
  return {
    toolCalls: [{ id: call.id ?? `call_${index}`, name: call.name, arguments: parsed.data }],
    toolErrors: [],
  }
}

export function appendCalls(calls: ParsedCalls, more: ParsedCalls): void {
  calls.toolCalls.push(...more.toolCalls)
  calls.toolErrors.push(...more.toolErrors)
}
