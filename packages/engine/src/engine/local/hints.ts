import { EngineError, type EngineErrorCode } from '../errors.ts'
import { adaptCommands, scriptCommand, scriptWithArguments } from '../project/index.ts'

/** How to fix an error that comes without a hint of its own. */
const hints: Partial<Record<EngineErrorCode, () => string>> = {
  CONTEXT_LENGTH_EXCEEDED: () => 'Shorten the prompt, or choose a model with a longer context.',
  DISK_FULL: () =>
    `Free some space (${models('clean')}, ${models('remove ID')}), or set HF_HOME to a folder on another disk.`,
  MLX_NOT_WORKING: () => `Run: ${scriptCommand('doctor')}`,
  MODEL_CORRUPT: () =>
    `To find the damaged files, run: ${models('verify ID')}. To download them again: ${models('pull ID')}`,
  MODEL_NOT_FOUND: () => `To list the models on disk, run: ${models('list')}`,
  OUT_OF_MEMORY: () =>
    'Choose a smaller or more strongly quantised model, a shorter prompt, or fewer calls at once.',
  PROTOCOL_MISMATCH: () => `To get the same version, run: ${scriptCommand('setup')}`,
  PYTHON_NOT_FOUND: () => `Run: ${scriptCommand('setup')}`,
  PYTHON_TOO_OLD: () => `Run: ${scriptWithArguments('setup', '--env uv')} (installs its own Python)`,
  SETUP_NEEDED: () => `Run: ${scriptCommand('setup')}`,
  WORKER_STALLED: () =>
    'The next call restarts it. If the machine is just slow, raise stallTimeoutMs in mlx.config.json.',
  WORKER_EXITED: () => `The next call restarts it. If it keeps crashing, run: ${scriptCommand('doctor')}`,
}

/** Returns an EngineError with the given hint, or the usual hint of its code. Commands in it fit the package manager. */
export function withHint(code: EngineErrorCode, message: string, hint?: string | null): EngineError {
  return new EngineError(code, message, { hint: hint == null ? hints[code]?.() : adaptCommands(hint) })
}

function models(command: string): string {
  return scriptWithArguments('models', command)
}
