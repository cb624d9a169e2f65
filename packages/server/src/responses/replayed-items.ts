import { z } from '@hono/zod-openapi'
import { type HistoryChanges, toText } from '../requests/history.ts'
import { newId } from './ids.ts'
import type { Item } from './response-schemas.ts'

/** Calls of tools that this server does not run, and their outputs. */
const calls = ['local_shell_call', 'shell_call', 'apply_patch_call', 'computer_call'] as const
const outputs = [
  'local_shell_call_output',
  'shell_call_output',
  'apply_patch_call_output',
  'computer_call_output',
] as const
/** Calls with their output in the same item. */
const answeredCalls = ['mcp_call', 'code_interpreter_call'] as const
/** What says nothing to a model, or only in a form that only its maker can read. */
const unreadable = [
  'web_search_call',
  'file_search_call',
  'image_generation_call',
  'tool_search_call',
  'tool_search_output',
  'mcp_list_tools',
  'mcp_approval_request',
  'mcp_approval_response',
  'compaction',
  'compaction_summary',
  'context_compaction',
  'ghost_snapshot',
] as const

/** An item of another server, as agents replay them. */
export const replayedItemSchema = z
  .looseObject({ type: z.enum([...calls, ...outputs, ...answeredCalls, ...unreadable]) })
  .openapi('ResponseReplayedItem', {
    description:
      'An item of another server. Calls and outputs are read as those of functions. The rest is left out, with its text if it has one.',
  })

export type ReplayedItem = z.output<typeof replayedItemSchema>

/** Converts an item of another server to what this server can continue: none, one or two items. */
export function readReplayedItem(item: ReplayedItem, param: string, changes: HistoryChanges): Item[] {
  const { type, ...fields } = item
  const { call_id: given, id, output, outputs: several, error, ...rest } = fields
  const callId = text(given) ?? text(id) ?? type
  if (isOneOf(type, outputs)) return [toOutput(callId, output)]
  if (isOneOf(type, calls)) return [toCall(type, callId, rest)]
  if (isOneOf(type, answeredCalls)) {
    return [toCall(type, callId, rest), toOutput(callId, output ?? several ?? error)]
  }
  const { summary: readable, text: words, content } = rest
  const summary = text(readable) ?? text(words) ?? text(content)
  changes.add(param, `${type} was left out${summary === undefined ? '' : ', except for its text'}`)
  return summary === undefined ? [] : [toUserMessage(summary)]
}

function toCall(type: string, callId: string, fields: Record<string, unknown>): Item {
  const { status: _status, name, arguments: given, action, ...rest } = fields
  const values = given ?? action ?? rest
  return {
    type: 'function_call',
    id: newId('fc'),
    status: 'completed',
    call_id: callId,
    name: text(name) ?? type.replace(/_call$/, ''),
    arguments: toText(values),
  }
}

function toOutput(callId: string, output: unknown): Item {
  const parts = (Array.isArray(output) ? output : [output ?? '']).map(partText)
  return {
    type: 'function_call_output',
    id: newId('fco'),
    status: 'completed',
    call_id: callId,
    output: parts.join('\n'),
  }
}

const textPart = z.object({ text: z.string() })
const imagePart = z.object({ type: z.string().regex(/image|screenshot/) })

function partText(part: unknown): string {
  const { data } = textPart.safeParse(part)
  if (data !== undefined) return data.text
  return imagePart.safeParse(part).success ? '[an image]' : toText(part)
}

function toUserMessage(words: string): Item {
  const content = [{ type: 'input_text' as const, text: words }]
  return { type: 'message', id: newId('msg'), status: 'completed', role: 'user', content }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function isOneOf<Type extends string>(type: string, types: readonly Type[]): type is Type {
  return types.some((each) => each === type)
}
