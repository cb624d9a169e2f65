import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import * as z from 'zod'
import type { Project } from '../../engine/project/index.ts'

/** Whether a model's name has the form of a hub id, `owner/name`. Any other name is that of a folder. */
export function isHubModelId(model: string): boolean {
  return /^[\w-][\w.-]*\/[\w.-]+$/.test(model)
}

/** Returns the folder in which Hugging Face's tools store downloaded models. */
export function huggingFaceCache(environment: NodeJS.ProcessEnv): string {
  const cache = environment.XDG_CACHE_HOME ?? join(homedir(), '.cache')
  return environment.HF_HUB_CACHE ?? join(environment.HF_HOME ?? join(cache, 'huggingface'), 'hub')
}

/**
 * Whether the configured model may have to be downloaded. It only looks for a few files, so that a start doesn't wait
 * for the worker, which knows for certain.
 */
export function mayNeedDownload(
  { config: { model, revision = 'main' }, modelsDirectory }: Project,
  environment: NodeJS.ProcessEnv,
): boolean {
  if (!isHubModelId(model) || existsSync(join(modelsDirectory, model))) return false
  const repository = join(huggingFaceCache(environment), `models--${model.replaceAll('/', '--')}`)
  const reference = join(repository, 'refs', revision)
  const commit = existsSync(reference) ? readFileSync(reference, 'utf8').trim() : revision
  const folder = join(repository, 'snapshots', commit)
  return !['config.json', ...weightFiles(folder)].every((name) => existsSync(join(folder, name)))
}

const indexSchema = z.object({ weight_map: z.record(z.string(), z.string()) })

function weightFiles(folder: string): string[] {
  const index = join(folder, 'model.safetensors.index.json')
  if (!existsSync(index)) return ['model.safetensors']
  try {
    return Object.values(indexSchema.parse(JSON.parse(readFileSync(index, 'utf8'))).weight_map)
  } catch {
    // The index is damaged, which the worker reports.
    return []
  }
}
