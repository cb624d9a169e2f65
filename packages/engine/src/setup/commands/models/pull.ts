import { resolve } from 'node:path'
import { createEngine, type DownloadedModel } from '../../../engine/index.ts'
import { findProject } from '../../../engine/project/index.ts'
import { interrupted } from '../../models/missing-model.ts'
import { formatBytes } from '../../terminal/format.ts'
import { showProgress } from '../../terminal/progress.ts'
import { mark } from '../../terminal/terminal.ts'
import type { ModelsCommand } from './command.ts'

export const pull: ModelsCommand = {
  name: 'pull',
  aliases: ['download'],
  argument: '[ID]',
  summary: 'downloads one; without ID the one of mlx.config.json',
  details: 'One that was interrupted goes on where it was. Each file is checked by its hash.',
  flags: ['revision', 'output', 'json'],
  run: async ({ id, flags: { revision, output, json }, signal }) => {
    const { config } = findProject()
    await using engine = await createEngine({ signal })
    const progress = showProgress(process.stderr, `Looking for ${id ?? config.model}`)
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
      console.error(interrupted)
      return 130
    } finally {
      progress.end()
    }
    const { model, path, bytes } = downloaded
    if (json) {
      console.log(JSON.stringify(downloaded, null, 2))
      return 0
    }
    console.log(`${mark(true)} ${model} is on this machine: ${formatBytes(bytes)} in ${path}`)
    const name = output === undefined ? model : path
    if (model !== config.model || output !== undefined) {
      console.log(`To use it: "model": ${JSON.stringify(name)} in mlx.config.json`)
    }
    return 0
  },
}

/** Package managers run a script in the folder of the project, and name the one that the user is in. */
function invocationDirectory(): string {
  return process.env.INIT_CWD || process.cwd()
}
