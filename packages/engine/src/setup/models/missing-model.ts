/** What the chat and the server do at their start if the model is not on disk. */
import type { Engine, ModelDescription } from '../../engine/index.ts'
import { freeDiskBytes } from '../machine/disk-space.ts'
import { formatBytes } from '../terminal/format.ts'
import { showProgress } from '../terminal/progress.ts'
import { type Choice, canPrompt, choose, type PromptStreams, standardStreams } from '../terminal/prompts.ts'
import { huggingFaceCache } from './hub-cache.ts'
import { checkPullAllowed, notDownloaded, readPullPolicy } from './pull-policy.ts'

/** `downloaded`: the model is on disk now. `hello`: the user chose the hello model instead, for this run. */
export type MissingModelOutcome = 'downloaded' | 'hello'

/**
 * Downloads a model that is not on disk. In a terminal it asks first and shows the size; otherwise it starts at once
 * and writes lines of progress to standard error.
 *
 * @throws EngineError MODEL_NOT_FOUND if the download is not allowed or the user cancels, ABORTED on Ctrl-C, and what
 * `describeModel` and `downloadModel` throw.
 */
export async function getMissingModel(
  engine: Engine,
  model: string,
  streams: PromptStreams = standardStreams,
): Promise<MissingModelOutcome> {
  const refusal = checkPullAllowed(model)
  if (refusal !== undefined) throw refusal
  if (readPullPolicy() === 'ask' && canPrompt(streams)) {
    const answer = await ask(engine, model, streams)
    if (answer === 'cancel') throw notDownloaded(model)
    if (answer === 'hello') return 'hello'
  }
  await pull(engine, model, streams)
  return 'downloaded'
}

async function pull(engine: Engine, model: string, { output, signal }: PromptStreams): Promise<void> {
  const progress = showProgress(output, `Looking up ${model}`)
  // A signal ends the program at any point, so this is written when it exits.
  const explainInterruption = () => output.write(`${downloadInterrupted}\n`)
  process.once('exit', explainInterruption)
  try {
    await engine.downloadModel({ model, onProgress: progress.update, ...(signal && { signal }) })
  } finally {
    process.off('exit', explainInterruption)
    progress.end()
  }
}

/** The message after an interrupted download. */
export const downloadInterrupted = 'Interrupted. To resume the download, run the same command again.'

type Answer = 'pull' | 'hello' | 'cancel'

async function ask(engine: Engine, model: string, streams: PromptStreams): Promise<Answer> {
  const facts = await lookUpModel(engine, model, streams)
  const { missingBytes } = facts
  if (missingBytes === 0) return 'pull'
  streams.output.write(`${describeMissingModel(facts).join('\n')}\n\n`)
  const choices: Choice<Answer>[] = [
    { value: 'pull', letter: 'p', text: `Pull it now (${formatBytes(missingBytes)})` },
    {
      value: 'hello',
      letter: 'h',
      text: 'Start with the hello model this time (tiny, included in mlx-app)',
    },
    { value: 'cancel', letter: 'c', text: 'Cancel' },
  ]
  const possible = canBePulled(facts)
  return choose(
    choices.filter(({ value }) => value !== 'pull' || possible),
    streams,
  )
}

async function lookUpModel(
  engine: Engine,
  model: string,
  { output, signal }: PromptStreams,
): Promise<MissingModelFacts> {
  const progress = showProgress(output, `Looking up ${model}`)
  try {
    const [description, status, freeBytes] = await Promise.all([
      engine.describeModel({ model, ...(signal && { signal }) }),
      engine.status(),
      freeDiskBytes(huggingFaceCache(process.env)),
    ])
    return { ...description, memoryLimitBytes: status.memoryLimitBytes, freeDiskBytes: freeBytes }
  } finally {
    progress.end()
  }
}

interface MissingModelFacts extends ModelDescription {
  /** The memory that models, caches and calls may take together. */
  memoryLimitBytes: number
  /** The free space on the disk of the cache. */
  freeDiskBytes: number
}

function canBePulled({ fits, missingBytes, freeDiskBytes }: MissingModelFacts): boolean {
  return fits && missingBytes < freeDiskBytes
}

/** Returns the lines that describe a model before the user chooses. */
function describeMissingModel(facts: MissingModelFacts): string[] {
  const { model, downloadBytes, missingBytes, weightBytes, fits, memoryLimitBytes } = facts
  const size =
    missingBytes < downloadBytes
      ? `${formatBytes(missingBytes)} left of ${formatBytes(downloadBytes)}`
      : formatBytes(downloadBytes)
  const memory = `needs ${formatBytes(weightBytes)} for its weights; the limit for models is ${formatBytes(memoryLimitBytes)}`
  const disk = `${formatBytes(facts.freeDiskBytes)} free`
  return [
    `${model} is not on this machine yet.`,
    `Download: ${size}`,
    ...(facts.licence === undefined ? [] : [`Licence: ${facts.licence}`]),
    `Memory: ${fits ? 'it fits' : 'it does not fit'}. It ${memory}.`,
    `Disk: ${missingBytes < facts.freeDiskBytes ? 'it fits' : 'it does not fit'}. ${disk}.`,
    ...(facts.gated ? ['This model is gated. To download it, set HF_TOKEN to your access token.'] : []),
  ]
}
