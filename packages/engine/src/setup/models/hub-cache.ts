import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import type { Project } from '../../engine/project/index.ts'
import { huggingFaceCache } from '../machine/disk-space.ts'
import { isHubModelId } from './missing-model.ts'

/**
 * Whether the configured model may have to be downloaded: a look at some files, so that a start does not wait for the
 * worker. The worker knows for sure.
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
    // It is damaged: the worker tells of that.
    return []
  }
}
