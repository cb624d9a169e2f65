import { EngineError, type EngineErrorCode } from '../errors.ts'
import { adaptCommands, scriptCommand, scriptWithArguments } from '../project/index.ts'

/** What mends an error, where the place that raised it knows no better. */
const hints: Partial<Record<EngineErrorCode, () => string>> = {
  CONTEXT_LENGTH_EXCEEDED: () => 'Shorten the prompt, or choose a model with a longer context.',
  DISK_FULL: () =>
    `Make room (${models('clean')}, ${models('remove ID')}), or set HF_HOME to a folder on another disk.`,
  MLX_NOT_WORKING: () => `Run: ${scriptCommand('doctor')}`,
  MODEL_CORRUPT: () =>
    `See which of its files are damaged: ${models('verify ID')}. Get them again: ${models('pull ID')}`,
  MODEL_NOT_FOUND: () => `See what there is with: ${models('list')}`,
  OUT_OF_MEMORY: () =>
    'Choose a smaller or more strongly quantised model, a shorter prompt, or fewer calls at once.',
  PROTOCOL_MISMATCH: () =>
    'The TypeScript and the Python half are of different versions: take both from one commit.',
  PYTHON_NOT_FOUND: () => `Run: ${scriptCommand('setup')}`,
  PYTHON_TOO_OLD: () => `Run: ${scriptWithArguments('setup', '--env uv')} (it brings a Python of its own)`,
  SETUP_NEEDED: () => `Run: ${scriptCommand('setup')}`,
  WORKER_EXITED: () => `The next call starts it again. If it keeps dying, run: ${scriptCommand('doctor')}`,
}

/** An EngineError with the given hint, whose commands are worded for this package manager, or the usual one of its code. */
export function withHint(code: EngineErrorCode, message: string, hint?: string | null): EngineError {
  return new EngineError(code, message, { hint: hint == null ? hints[code]?.() : adaptCommands(hint) })
}

function models(command: string): string {
  return scriptWithArguments('models', command)
}
