import { resolve } from 'node:path'
import { createEngine, type DownloadedModel } from '../../../engine/index.ts'
import { findProject } from '../../../engine/project/index.ts'
import { downloadInterrupted } from '../../models/missing-model.ts'
import { formatBytes } from '../../terminal/format.ts'
import { showProgress } from '../../terminal/progress.ts'
import { statusMark } from '../../terminal/terminal.ts'
import type { ModelsCommand } from './command.ts'

export const pull: ModelsCommand = {
  name: 'pull',
  aliases: ['download'],
  argument: '[ID]',
  summary: 'download a model, by default the one in mlx.config.json',
  details: 'An interrupted download resumes. Every file is checked against its hash.',
  flags: ['revision', 'output', 'json'],
  run: async ({ id, flags: { revision, output, json }, signal }) => {
    const { config } = findProject()
    await using engine = await createEngine({ signal })
    const progress = showProgress(process.stderr, `Looking up ${id ?? config.model}`)
    let downloaded: DownloadedModel
    try {
      downloaded = await engine.downloadModel({
        ...(id === undefined ? {} : { model: id }),
        ...(revision === undefined ? {} : { revision }),
        ...(output === undefined ? {} : { output: resolve(invocationDirectory(), output) }),
        onProgress: progress.update,
        signal,
      })
    } catch (error) {
      progress.end()
      if (!signal.aborted) throw error
      console.error(downloadInterrupted)
      return 130
    } finally {
      progress.end()
    }
    const { model, path, bytes } = downloaded
    if (json) {
      console.log(JSON.stringify(downloaded, null, 2))
      return 0
    }
    console.log(`${statusMark(true)} ${model} is on this machine: ${formatBytes(bytes)} in ${path}`)
    const name = output === undefined ? model : path
    if (model !== config.model || output !== undefined) {
      console.log(`To use it, set "model": ${JSON.stringify(name)} in mlx.config.json`)
    }
    return 0
  },
}

/** Returns the user's folder. Package managers run scripts in the project's folder and name the user's in INIT_CWD. */
function invocationDirectory(): string {
  return process.env.INIT_CWD || process.cwd()
}
