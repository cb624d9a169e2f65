import { createEngine, type Engine, type VerifiedFile, type VerifiedModel } from '../../../engine/index.ts'
import { scriptWithArguments } from '../../../engine/project/index.ts'
import { formatBytes } from '../../terminal/format.ts'
import { showProgress } from '../../terminal/progress.ts'
import { statusMark } from '../../terminal/terminal.ts'
import type { ModelsCommand } from './command.ts'

export const verify: ModelsCommand = {
  name: 'verify',
  aliases: [],
  argument: '[ID]',
  summary: "compare the files of a model, or of all models, with the hub's hashes",
  details: 'It exits with 1 if a file is missing or damaged.',
  flags: ['revision', 'json'],
  run: async ({ id, flags: { revision, json }, signal }) => {
    await using engine = await createEngine({ signal })
    const ids = id === undefined ? (await engine.models()).map(({ model }) => model) : [id]
    const results: VerifiedModel[] = []
    for (const model of ids) {
      // A model at a path has the name of its folder here.
      const result = { ...(await verifyModel(engine, { model, revision, signal })), model }
      results.push(result)
      if (!json) for (const line of describeVerification(result)) console.log(line)
    }
    if (json) console.log(JSON.stringify(results, null, 2))
    return results.every(({ files }) => damagedFiles(files).length === 0) ? 0 : 1
  },
}

async function verifyModel(
  engine: Engine,
  { revision, ...options }: { model: string; revision: string | undefined; signal: AbortSignal },
): Promise<VerifiedModel> {
  const progress = showProgress(process.stderr, `Verifying ${options.model}`)
  try {
    return await engine.verifyModel({
      ...options,
      ...(revision === undefined ? {} : { revision }),
      onProgress: progress.update,
    })
  } finally {
    progress.end()
  }
}

/** Returns a line for the model, and one for each damaged file. */
export function describeVerification({ model, path, files }: VerifiedModel): string[] {
  const damaged = damagedFiles(files)
  const verified = files.filter(({ state }) => state === 'ok')
  if (damaged.length > 0) {
    const isFromHub = model.includes('/') || verified.length > 0
    return [
      `${statusMark(false)} ${model} is damaged (${path})`,
      ...damaged.map((file) => `    ${file.path} ${file.state === 'missing' ? 'is missing' : 'is damaged'}`),
      isFromHub
        ? `  To download these files again, run: ${scriptWithArguments('models', `pull ${model}`)}`
        : '  Copy these files again from where the model came from.',
    ]
  }
  if (verified.length === 0) return [`- ${model}: the hub has no hashes for its files (${path})`]
  const bytes = verified.reduce((sum, file) => sum + file.bytes, 0)
  const unknown = files.length - verified.length
  const rest = unknown === 0 ? '' : `; ${unknown} without a known hash`
  const count = verified.length === 1 ? '1 file' : `${verified.length} files`
  return [`${statusMark(true)} ${model}: ${count} verified, ${formatBytes(bytes)}${rest}`]
}

function damagedFiles(files: readonly VerifiedFile[]): VerifiedFile[] {
  return files.filter(({ state }) => state === 'missing' || state === 'differs')
}
