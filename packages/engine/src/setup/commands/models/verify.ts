import { createEngine, type Engine, type VerifiedFile, type VerifiedModel } from '../../../engine/index.ts'
import { scriptWithArguments } from '../../../engine/project/index.ts'
import { formatBytes } from '../../terminal/format.ts'
import { showProgress } from '../../terminal/progress.ts'
import { mark } from '../../terminal/terminal.ts'
import type { ModelsCommand } from './command.ts'

export const verify: ModelsCommand = {
  name: 'verify',
  aliases: [],
  argument: '[ID]',
  summary: 'compares the files of one, or of all, with the hashes that the hub has',
  details: 'It ends with 1 where a file is missing or differs.',
  flags: ['revision', 'json'],
  run: async ({ id, flags: { revision, json }, signal }) => {
    await using engine = await createEngine({ signal })
    const ids = id === undefined ? (await engine.models()).map(({ model }) => model) : [id]
    const results: VerifiedModel[] = []
    for (const model of ids) {
      const result = await verifyOne(engine, { model, revision, signal })
      results.push(result)
      if (!json) for (const line of describeVerification(result)) console.log(line)
    }
    if (json) console.log(JSON.stringify(results, null, 2))
    return results.every(({ files }) => damaged(files).length === 0) ? 0 : 1
  },
}

async function verifyOne(
  engine: Engine,
  { revision, ...options }: { model: string; revision: string | undefined; signal: AbortSignal },
): Promise<VerifiedModel> {
  const progress = showProgress(process.stderr, `Looking at ${options.model}`)
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

/** What a check found: a line for the model, and one for each file that is not as it should be. */
export function describeVerification({ model, path, files }: VerifiedModel): string[] {
  const bad = damaged(files)
  if (bad.length > 0) {
    return [
      `${mark(false)} ${model} is damaged (${path})`,
      ...bad.map((file) => `    ${file.path} ${file.state === 'missing' ? 'is missing' : 'differs'}`),
      `  Get them again: ${scriptWithArguments('models', `pull ${model}`)}`,
    ]
  }
  const known = files.filter(({ state }) => state === 'ok')
  if (known.length === 0) return [`- ${model}: no hash is known of any of its files (${path})`]
  const bytes = known.reduce((sum, file) => sum + file.bytes, 0)
  const unknown = files.length - known.length
  const rest = unknown === 0 ? '' : `; no hash is known of ${unknown} more`
  const count = known.length === 1 ? '1 file is' : `${known.length} files are`
  return [`${mark(true)} ${model}: ${count} as the hub has them, ${formatBytes(bytes)}${rest}`]
}

function damaged(files: readonly VerifiedFile[]): VerifiedFile[] {
  return files.filter(({ state }) => state === 'missing' || state === 'differs')
}
