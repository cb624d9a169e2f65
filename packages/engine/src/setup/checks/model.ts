import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { scriptWithArguments } from '../../engine/project/index.ts'
import { freeBytes, huggingFaceCache } from '../machine/disk-space.ts'
import { isHubModelId } from '../models/missing-model.ts'
import { formatBytes } from '../terminal/format.ts'
import type { Check, Finding } from './check.ts'

export const project: Check = {
  name: 'project',
  needs: [],
  run: (findings) => {
    const { root, reason, config } = findings.project
    return { good: true, detail: `${root} (${reason}), model ${config.model}, device ${config.device}` }
  },
}

export const model: Check = {
  name: 'model',
  needs: ['MLX computes'],
  run: async (findings) => {
    const { model: name } = findings.project.config
    const isPath = name.startsWith('.') || name.startsWith('/')
    if (isPath) {
      const there = existsSync(join(resolve(findings.project.root, name), 'config.json'))
      return {
        good: there,
        detail: there ? name : `${name} is no folder with a model`,
        mend: 'Correct mlx.config.json',
      }
    }
    const models = await (await findings.engine()).models()
    const found = models.find((candidate) => candidate.model === name)
    if (found !== undefined)
      return { good: true, detail: `${name}, ${formatBytes(found.bytes)} (${found.path})` }
    if (!isHubModelId(name)) {
      return { good: false, detail: `${name} is not on this machine`, mend: 'Correct mlx.config.json' }
    }
    const missing = await findings.missing()
    return assessMissingModel(
      name,
      missing?.missingBytes,
      await freeBytes(huggingFaceCache(findings.environment)),
    )
  },
}

/** What there is to do about a model that is not on disk; its size is undefined where the hub does not tell it. */
export function assessMissingModel(
  model: string,
  missingBytes: number | undefined,
  freeDiskBytes: number,
): Finding {
  const pull = scriptWithArguments('models', `pull ${model}`)
  const detail = `${model} is not on this machine`
  if (missingBytes === undefined) return { good: false, detail, mend: pull }
  const size = `${detail}: ${formatBytes(missingBytes)} to download`
  if (missingBytes < freeDiskBytes) return { good: false, detail: size, mend: pull }
  const clean = scriptWithArguments('models', 'clean')
  return {
    good: false,
    detail: `${size}, and ${formatBytes(freeDiskBytes)} of disk are free`,
    mend: `Make room, perhaps by: ${clean}. Or set HF_HOME to a folder on another disk. Then: ${pull}`,
  }
}

const answersSchema = z.array(z.object({ question: z.string(), answer: z.string() })).min(1)

export const hello: Check = {
  name: 'hello answers',
  needs: ['MLX computes'],
  run: async (findings) => {
    const engine = await findings.engine()
    const folder = (await engine.models()).find(({ model }) => model === 'hello')?.path
    const file = folder === undefined ? undefined : join(folder, 'answers.json')
    if (file === undefined || !existsSync(file)) {
      return { good: undefined, detail: 'no answers.json to compare with' }
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
      detail: first === undefined ? `${expected.length} word for word` : `"${first}" got another answer`,
      mend: scriptWithArguments('setup', '--fresh'),
    }
  },
}
