import type { Answers } from '../choices.ts'
import type { CatalogueModel } from '../models/catalogue.ts'
import { scriptCommand } from '../package-manager.ts'

/** What there is to know of a model of the catalogue that is not for text alone, as lines of text. */
export function modelNotes(known: CatalogueModel | undefined, answers: Answers): string[] {
  if (known === undefined) return []
  // Qwen3's embedding models run on mlx-lm, like text models.
  const needsExtra = known.task === 'embeddings' ? !known.id.includes('Qwen3-Embedding') : known.sees
  const extra = extraCommand(answers)
  return [
    ...(known.task === 'embeddings' ? [embeddingsNote(answers)] : []),
    ...(needsExtra && answers.env === 'existing' ? ['Its Python needs mlx-vlm too, for this model.'] : []),
    ...(needsExtra && answers.env !== 'existing'
      ? [known.task === 'embeddings' ? `It needs, once: ${extra}` : `To show it images, run once: ${extra}`]
      : []),
  ]
}

/** What adds mlx-vlm. */
function extraCommand({ packageManager, features = [] }: Answers): string {
  if (!features.includes('python'))
    return scriptCommand(packageManager, 'setup', ['--with', 'vision']).join(' ')
  const setup = scriptCommand(packageManager, 'setup').join(' ')
  return `${setup}, with "mlx-app[vision]" in place of "mlx-app" in python/pyproject.toml`
}

function embeddingsNote({ template }: Answers): string {
  return template === 'server'
    ? 'The model makes vectors and writes no text: /v1/embeddings answers with it, a chat needs a text model.'
    : 'The model makes vectors and writes no text: engine.embed() answers with it, the chat needs a text model.'
}
