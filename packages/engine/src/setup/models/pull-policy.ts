import { EngineError } from '../../engine/index.ts'
import { scriptCommand, scriptWithArguments } from '../../engine/project/index.ts'

/** The values of MLX_PULL. */
const pullPolicies = ['ask', 'always', 'never'] as const

/** What happens to a model that is not on disk; see `readPullPolicy`. */
export type PullPolicy = (typeof pullPolicies)[number]

/**
 * Reads MLX_PULL, which says what to do about a model that is not on disk: `ask` (the default) asks in a terminal and
 * downloads otherwise, `always` downloads, `never` doesn't.
 *
 * @throws EngineError INVALID_REQUEST for any other value.
 */
export function readPullPolicy(environment: NodeJS.ProcessEnv = process.env): PullPolicy {
  const { MLX_PULL: value = '' } = environment
  if (value === '') return 'ask'
  const policy = pullPolicies.find((name) => name === value)
  if (policy !== undefined) return policy
  throw new EngineError(
    'INVALID_REQUEST',
    `MLX_PULL must be one of ${pullPolicies.join(', ')}, but it is ${value}.`,
  )
}

/**
 * Returns the error to fail with if a model that is not on disk must not be downloaded, or undefined if it may be.
 *
 * @throws EngineError as `readPullPolicy` does.
 */
export function checkPullAllowed(
  model: string,
  environment: NodeJS.ProcessEnv = process.env,
): EngineError | undefined {
  const policy = readPullPolicy(environment)
  if (isOffline(environment)) {
    return new EngineError(
      'MODEL_NOT_FOUND',
      `${notHere(model)}, and HF_HUB_OFFLINE prevents its download.`,
      {
        hint: `Unset HF_HUB_OFFLINE, or start with the hello model: MLX_MODEL=hello ${scriptCommand('start')}`,
      },
    )
  }
  return policy === 'never' ? notDownloaded(model, 'MLX_PULL=never prevents its download') : undefined
}

/** Returns the error for a model that is not on disk, with the command that downloads it. */
export function notDownloaded(model: string, reason?: string): EngineError {
  return new EngineError('MODEL_NOT_FOUND', `${notHere(model)}${reason ? `, and ${reason}` : ''}.`, {
    hint: `To download it, run: ${scriptWithArguments('models', `pull ${model}`)}`,
  })
}

function notHere(model: string): string {
  return `${model} is not on this machine`
}

/** Whether HF_HUB_OFFLINE is set, by the rules of Hugging Face's own library. */
function isOffline({ HF_HUB_OFFLINE: value = '' }: NodeJS.ProcessEnv): boolean {
  return ['1', 'ON', 'YES', 'TRUE'].includes(value.toUpperCase())
}
