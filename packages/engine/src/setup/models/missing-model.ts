/** What happens at a start whose model is not on disk. The chat and the server both do it. */
import { type Engine, EngineError, type ModelDescription } from '../../engine/index.ts'
import { scriptCommand, scriptWithArguments } from '../../engine/project/index.ts'
import { freeBytes, huggingFaceCache } from '../machine/disk-space.ts'
import { formatBytes } from '../terminal/format.ts'
import { showProgress } from '../terminal/progress.ts'
import { type Choice, canPrompt, choose, type PromptStreams, screen } from '../terminal/prompts.ts'

/** `here`: it has been downloaded; `hello`: the user wants the model of the project in its place, this time. */
export type Outcome = 'here' | 'hello'

/** MLX_PULL. */
export const pullPolicies = ['ask', 'always', 'never'] as const

/** What happens to a model that is not on disk; see `readPullPolicy`. */
export type PullPolicy = (typeof pullPolicies)[number]

/**
 * What MLX_PULL says of models that are not on disk: `ask` (the default) where there is a terminal and download
 * elsewhere, `always` download, `never` download.
 *
 * @throws EngineError INVALID_REQUEST for another value.
 */
export function readPullPolicy(environment: NodeJS.ProcessEnv = process.env): PullPolicy {
  const { MLX_PULL: value = '' } = environment
  if (value === '') return 'ask'
  const policy = pullPolicies.find((name) => name === value)
  if (policy !== undefined) return policy
  throw new EngineError('INVALID_REQUEST', `MLX_PULL is one of ${pullPolicies.join(', ')}, not ${value}.`)
}

/** Whether a name is one of the hub, as owner/name; any other names a folder. */
export function isHubModelId(model: string): boolean {
  return /^[\w-][\w.-]*\/[\w.-]+$/.test(model)
}

/**
 * Why a model that is not on disk may not be downloaded, as the error to end with; undefined where it may.
 *
 * @throws EngineError as `readPullPolicy`.
 */
export function checkPullAllowed(
  model: string,
  environment: NodeJS.ProcessEnv = process.env,
): EngineError | undefined {
  const policy = readPullPolicy(environment)
  if (isOffline(environment)) return offline(model)
  return policy === 'never' ? notFetched(model, 'MLX_PULL=never forbids to download it') : undefined
}

/**
 * Gets a model that is not on disk: asks before on a terminal, with the size that the hub tells; elsewhere it
 * downloads at once, with lines of progress on standard error.
 *
 * @throws EngineError MODEL_NOT_FOUND where it may not be downloaded or the user does not want it, ABORTED at Ctrl-C,
 * and as `describeModel` and `downloadModel`.
 */
export async function getMissingModel(
  engine: Engine,
  model: string,
  where: PromptStreams = screen,
): Promise<Outcome> {
  const refusal = checkPullAllowed(model)
  if (refusal !== undefined) throw refusal
  if (readPullPolicy() === 'ask' && canPrompt(where)) {
    const answer = await ask(engine, model, where)
    if (answer === 'cancel') throw notFetched(model)
    if (answer === 'hello') return 'hello'
  }
  await pull(engine, model, where)
  return 'here'
}

async function pull(engine: Engine, model: string, { output, signal }: PromptStreams): Promise<void> {
  const progress = showProgress(output, `Looking for ${model}`)
  // A signal ends the program wherever it is; this is said on its way out.
  const leave = () => output.write(`${interrupted}\n`)
  process.once('exit', leave)
  try {
    await engine.downloadModel({ model, onProgress: progress.update, ...(signal && { signal }) })
  } finally {
    process.off('exit', leave)
    progress.end()
  }
}

/** What whoever interrupts a download is told. */
export const interrupted = 'Interrupted. What was downloaded stays: the same command goes on from there.'

async function ask(
  engine: Engine,
  model: string,
  where: PromptStreams,
): Promise<'pull' | 'hello' | 'cancel'> {
  const { signal } = where
  const looking = showProgress(where.output, `Looking for ${model}`)
  let facts: Facts
  try {
    const [description, status, freeDiskBytes] = await Promise.all([
      engine.describeModel({ model, ...(signal && { signal }) }),
      engine.status(),
      freeBytes(huggingFaceCache(process.env)),
    ])
    facts = { ...description, memoryLimitBytes: status.memoryLimitBytes, freeDiskBytes }
  } finally {
    looking.end()
  }
  const { missingBytes } = facts
  if (missingBytes === 0) return 'pull'
  where.output.write(`${describeMissingModel(facts).join('\n')}\n\n`)
  const choices: Choice<'pull' | 'hello' | 'cancel'>[] = [
    { value: 'pull', letter: 'p', text: `pull it now: ${formatBytes(missingBytes)}` },
    {
      value: 'hello',
      letter: 'h',
      text: 'start with the hello model this time: tiny, and comes with mlx-app',
    },
    { value: 'cancel', letter: 'c', text: 'cancel' },
  ]
  const possible = canBePulled(facts)
  return choose(
    choices.filter(({ value }) => value !== 'pull' || possible),
    where,
  )
}

export interface Facts extends ModelDescription {
  /** What models, caches and calls may take together. */
  memoryLimitBytes: number
  /** Where the download would lie. */
  freeDiskBytes: number
}

function canBePulled({ fits, missingBytes, freeDiskBytes }: Facts): boolean {
  return fits && missingBytes < freeDiskBytes
}

/** What there is to know before a choice, a line each. */
export function describeMissingModel(facts: Facts): string[] {
  const { model, downloadBytes, missingBytes, weightBytes, fits, memoryLimitBytes, freeDiskBytes } = facts
  const begun = missingBytes < downloadBytes
  const size = begun
    ? `${formatBytes(missingBytes)} of its ${formatBytes(downloadBytes)} are still to be downloaded`
    : `It is a download of ${formatBytes(downloadBytes)}`
  const licence = facts.licence === undefined ? '' : `; its licence is ${facts.licence}`
  const disk = `${formatBytes(freeDiskBytes)} are free`
  return [
    `${model} is not on this machine yet.`,
    `${size}${licence}.`,
    fits
      ? `Memory: it fits. Its weights take ${formatBytes(weightBytes)} of the ${formatBytes(memoryLimitBytes)} that models may take.`
      : `Memory: it does not fit. Its weights take ${formatBytes(weightBytes)}, and models may take ${formatBytes(memoryLimitBytes)}.`,
    missingBytes < freeDiskBytes ? `Disk: it fits. ${disk}.` : `Disk: it does not fit. ${disk}.`,
    ...(facts.gated ? ['Its owner gives access to each account: the download needs HF_TOKEN.'] : []),
  ]
}

/** Hugging Face's own reading of the variable. */
export function isOffline({ HF_HUB_OFFLINE: value = '' }: NodeJS.ProcessEnv): boolean {
  return ['1', 'ON', 'YES', 'TRUE'].includes(value.toUpperCase())
}

function offline(model: string): EngineError {
  return new EngineError(
    'MODEL_NOT_FOUND',
    `${model} is not on this machine, and HF_HUB_OFFLINE forbids to download it.`,
    {
      hint: `Unset HF_HUB_OFFLINE, or start with the hello model: MLX_MODEL=hello ${scriptCommand('start')}`,
    },
  )
}

function notFetched(model: string, reason?: string): EngineError {
  return new EngineError(
    'MODEL_NOT_FOUND',
    `${model} is not on this machine${reason ? `, and ${reason}` : ''}.`,
    {
      hint: `Get it with: ${scriptWithArguments('models', `pull ${model}`)}`,
    },
  )
}
