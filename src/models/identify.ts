import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { UsageError } from '../errors.ts'

/** The model that comes with every project. */
export const helloModel = 'hello'

/** True for a model that surely is one, and no folder: hello, and what has the owner that the models of the catalogue have. */
export function isCertainlyModel(text: string): boolean {
  return text === helloModel || (text.startsWith('mlx-community/') && isHuggingFaceId(text))
}

/** True for the form of a Hugging Face id: owner/name. */
export function isHuggingFaceId(text: string): boolean {
  return /^[A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*$/.test(text)
}

/** True for a path as it is written on a command line: with ./, ../, ~/ or / in front. */
export function isModelPath(text: string): boolean {
  return /^(\.{1,2}|~)?[/\\]/.test(text) || /^[A-Za-z]:[/\\]/.test(text)
}

/** True for everything that `--model` takes. */
export function looksLikeModel(text: string): boolean {
  return text === helloModel || isHuggingFaceId(text) || isModelPath(text)
}

/** What is said of a text that can't be a model. @param near the model that was probably meant. */
export function unknownModel(text: string, near: string | undefined): UsageError {
  return new UsageError(`Unknown model: ${text}`, {
    hints: [
      ...(near === undefined ? [] : [`Did you mean --model ${near}?`]),
      'A model is hello, a Hugging Face id (owner/name), or a path (./folder).',
      'A catalogue of models with their sizes: create-mlx-app --list',
    ],
  })
}

/**
 * A model as the project names it: a path becomes absolute, because the project is run from another folder.
 *
 * @throws UsageError when it can't be a model, and when a path has no model.
 */
export async function locateModel(text: string, workingDirectory: string): Promise<string> {
  if (!looksLikeModel(text)) {
    const { nearestModel } = await import('./catalogue.ts')
    throw unknownModel(text, nearestModel(text))
  }
  if (!isModelPath(text)) return text
  const path = text.startsWith('~') ? join(homedir(), text.slice(1)) : resolve(workingDirectory, text)
  if (!existsSync(join(path, 'config.json'))) {
    throw new UsageError(`There is no model in ${path}: a model is a folder with a config.json.`, {
      hints: ['A model of the hub is given by its id: --model mlx-community/Qwen3-0.6B-4bit'],
    })
  }
  return path
}
