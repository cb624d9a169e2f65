import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { modelFolder, scriptWithArguments } from '../../engine/project/index.ts'
import { freeDiskBytes } from '../machine/disk-space.ts'
import { huggingFaceCache, isHubModelId } from '../models/hub-cache.ts'
import { formatBytes } from '../terminal/format.ts'
import type { Check, Finding } from './check.ts'

export const project: Check = {
  name: 'project',
  needs: [],
  run: (context) => {
    const { root, reason, config } = context.project
    return { good: true, detail: `${root} (${reason}), model ${config.model}, device ${config.device}` }
  },
}

export const model: Check = {
  name: 'model',
  needs: ['MLX'],
  run: async (context) => {
    const { model: name } = context.project.config
    const found = await context.configuredModel()
    if (found !== undefined) {
      return { good: true, detail: `${found.model}, ${formatBytes(found.bytes)} (${found.path})` }
    }
    if (!isHubModelId(name)) {
      return {
        good: false,
        detail: `${name} is not ${modelFolder(name, '.') === undefined ? 'on this machine' : 'the folder of a model'}`,
        fix: 'Correct "model" in mlx.config.json',
      }
    }
    const missing = await context.missingModel()
    return assessMissingModel(
      name,
      missing?.missingBytes,
      await freeDiskBytes(huggingFaceCache(context.environment)),
    )
  },
}

/** Returns how to get a model that is not on disk. Its size is undefined if the hub doesn't tell it. */
export function assessMissingModel(
  model: string,
  missingBytes: number | undefined,
  freeDiskBytes: number,
): Finding {
  const pull = scriptWithArguments('models', `pull ${model}`)
  const detail = `${model} is not on this machine`
  if (missingBytes === undefined) return { good: false, detail, fix: pull }
  const size = `${detail}: ${formatBytes(missingBytes)} to download`
  if (missingBytes < freeDiskBytes) return { good: false, detail: size, fix: pull }
  const clean = scriptWithArguments('models', 'clean')
  return {
    good: false,
    detail: `${size}, but the disk has only ${formatBytes(freeDiskBytes)} free`,
    fix: `Free up disk space, for example with: ${clean}. Or set HF_HOME to a folder on another disk. Then run: ${pull}`,
  }
}

const answersSchema = z.array(z.object({ question: z.string(), answer: z.string() })).min(1)

export const hello: Check = {
  name: 'hello model',
  needs: ['MLX'],
  run: async (context) => {
    const engine = await context.engine()
    const folder = (await context.models()).find(({ model }) => model === 'hello')?.path
    const file = folder === undefined ? undefined : join(folder, 'answers.json')
    if (file === undefined || !existsSync(file)) {
      return { good: undefined, detail: 'there is no answers.json to compare with' }
    }
    const expected = answersSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
    const wrong = await Promise.all(
      expected.map(async ({ question, answer }) => {
        const messages = [{ role: 'user' as const, content: question }]
        const { text } = await engine.complete({ model: 'hello', messages, temperature: 0, maxTokens: 512 })
        return text === answer ? '' : question
      }),
    )
    const first = wrong.find((question) => question !== '')
    return {
      good: first === undefined,
      detail:
        first === undefined ? `${expected.length} answers as expected` : `the answer to "${first}" is wrong`,
      fix: scriptWithArguments('setup', '--fresh'),
    }
  },
}
