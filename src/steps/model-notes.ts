import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { formatBytes } from '../../packages/engine/src/setup/terminal/format.ts'
import type { Answers } from '../choices.ts'
import type { RatedModel } from '../models/catalogue.ts'
import { isHuggingFaceId } from '../models/identify.ts'
import { scriptCommand } from '../package-manager.ts'

/** Returns what the user must know about the model before using it, one note a line. */
export function modelNotes(
  known: RatedModel | undefined,
  answers: Answers,
  workingDirectory: string,
): string[] {
  const { model } = answers
  if (isHuggingFaceId(model) && existsSync(join(workingDirectory, model, 'config.json'))) {
    return [`The model ${model} comes from the hub. For the folder with this name, use --model ./${model}`]
  }
  if (known === undefined) return []
  const isEmbedding = known.task === 'embeddings'
  // Qwen3's embedding models run on mlx-lm, like text models.
  const needsExtra = isEmbedding ? !known.id.includes('Qwen3-Embedding') : known.vision
  return [
    ...(known.fit === 'too large' ? [tooLargeNote(known)] : []),
    ...(isEmbedding ? [embeddingNote(answers)] : []),
    ...(needsExtra ? [extraNote(isEmbedding ? 'To use it' : 'To use images', answers)] : []),
  ]
}

function tooLargeNote({ memoryBytes }: RatedModel): string {
  return `This model needs ${formatBytes(memoryBytes)} of memory, which is more than it can use on this machine. For models that fit, see --list.`
}

/** Returns how to add mlx-vlm. @param purpose what it is needed for: `To use images`. */
function extraNote(purpose: string, { packageManager, env, features = [] }: Answers): string {
  if (env === 'existing') return `${purpose}, your Python needs the package mlx-vlm.`
  if (packageManager === undefined) {
    return `${purpose}, change "mlx-app" to "mlx-app[vision]" in pyproject.toml, then install the project again`
  }
  if (!features.includes('python')) {
    return `${purpose}, run once: ${scriptCommand(packageManager, 'setup', ['--with', 'vision']).join(' ')}`
  }
  const setup = scriptCommand(packageManager, 'setup').join(' ')
  return `${purpose}, change "mlx-app" to "mlx-app[vision]" in python/pyproject.toml, then run: ${setup}`
}

function embeddingNote({ template }: Answers): string {
  return template === 'server'
    ? 'This model creates embeddings and generates no text. Use it with /v1/embeddings; a chat needs a text model.'
    : 'This model creates embeddings and generates no text. Use it with engine.embed(); the chat needs a text model.'
}
