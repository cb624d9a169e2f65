import type { Answers } from '../choices.ts'
import type { CatalogueModel } from '../models/catalogue.ts'
import { scriptCommand } from '../package-manager.ts'

/** Returns what the user must know about a model of the catalogue that is not a plain text model, one note a line. */
export function modelNotes(known: CatalogueModel | undefined, answers: Answers): string[] {
  if (known === undefined) return []
  const isEmbedding = known.task === 'embeddings'
  // Qwen3's embedding models run on mlx-lm, like text models.
  const needsExtra = isEmbedding ? !known.id.includes('Qwen3-Embedding') : known.vision
  return [
    ...(isEmbedding ? [embeddingNote(answers)] : []),
    ...(needsExtra ? [extraNote(isEmbedding ? 'To use it' : 'To use images', answers)] : []),
  ]
}

/** Returns how to add mlx-vlm. @param purpose what it is needed for: `To use images`. */
function extraNote(purpose: string, { packageManager, env, features = [] }: Answers): string {
  if (env === 'existing') return `${purpose}, your Python needs the package mlx-vlm.`
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
