import { EngineError, type EngineErrorCode } from './errors.ts'

/** What mends an error, where the place that raised it knows no better. */
const hints: Partial<Record<EngineErrorCode, string>> = {
  CONTEXT_LENGTH_EXCEEDED: 'Shorten the prompt, or choose a model with a longer context.',
  DISK_FULL: 'Free some space, or set HF_HOME to a folder on another disk.',
  MLX_NOT_WORKING: 'Run: npm run doctor',
  MODEL_CORRUPT: 'Get its files again: npm run models -- pull <id>',
  MODEL_NOT_FOUND: 'See what there is with: npm run models -- list',
  OUT_OF_MEMORY:
    'Choose a smaller or more strongly quantised model, a shorter prompt, or fewer calls at once.',
  PROTOCOL_MISMATCH:
    'The TypeScript and the Python half are of different versions: take both from one commit.',
  PYTHON_NOT_FOUND: 'Run: npm run setup',
  PYTHON_TOO_OLD: 'Run: npm run setup -- --env uv (it brings a Python of its own)',
  SETUP_NEEDED: 'Run: npm run setup',
  WORKER_EXITED: 'The next call starts it again. If it keeps dying, run: npm run doctor',
}

/** An EngineError with the given hint, or the usual one of its code. */
export function withHint(code: EngineErrorCode, message: string, hint?: string | null): EngineError {
  return new EngineError(code, message, { hint: hint ?? hints[code] })
}
