import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { UsageError } from '../errors.ts'

/** The model that comes with mlx-app. */
export const helloModel = 'hello'

/** Whether a text can only be a model and not a folder: hello, or an ID with the owner of the catalogue's models. */
export function isCertainlyModel(text: string): boolean {
  return text === helloModel || (text.startsWith('mlx-community/') && isHuggingFaceId(text))
}

/** Whether a text has the form of a Hugging Face ID: owner/name. */
export function isHuggingFaceId(text: string): boolean {
  return /^[A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*$/.test(text)
}

/** Whether a text is a path as written on a command line: it begins with ./, ../, ~/ or /. */
function isModelPath(text: string): boolean {
  return /^(\.{1,2}|~)?[/\\]/.test(text) || /^[A-Za-z]:[/\\]/.test(text)
}

/** Whether `--model` accepts a text. */
export function looksLikeModel(text: string): boolean {
  return text === helloModel || isHuggingFaceId(text) || isModelPath(text)
}

/** Returns the error for a text that can't be a model. @param near the model that was probably meant. */
export function unknownModel(text: string, near: string | undefined): UsageError {
  return new UsageError(`Unknown model: ${text}`, {
    hints: [
      ...(near === undefined ? [] : [`Did you mean --model ${near}?`]),
      'A model is hello, a Hugging Face ID (owner/name), or a path (./folder).',
      'To list models with their sizes, run: create-mlx-app --list',
    ],
  })
}

/**
 * Returns a model as the project names it. A path becomes absolute, because the project runs in another folder.
 *
 * @throws UsageError if it can't be a model, or if there is no model at a path.
 */
export async function locateModel(text: string, workingDirectory: string): Promise<string> {
  if (!looksLikeModel(text)) {
    const { nearestModel } = await import('./catalogue.ts')
    throw unknownModel(text, nearestModel(text))
  }
  if (!isModelPath(text)) return text
  const path = text.startsWith('~') ? join(homedir(), text.slice(1)) : resolve(workingDirectory, text)
  if (!existsSync(join(path, 'config.json'))) {
    throw new UsageError(`There is no model in ${path}: a model folder has a config.json.`, {
      hints: ['To use a model from the hub, give its ID: --model mlx-community/Qwen3-0.6B-4bit'],
    })
  }
  return path
}
