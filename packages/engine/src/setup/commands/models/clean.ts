import { type CleanedModels, createEngine } from '../../../engine/index.ts'
import { formatBytes } from '../../terminal/format.ts'
import { statusMark } from '../../terminal/terminal.ts'
import type { ModelsCommand } from './command.ts'

const reasons = { partial: 'interrupted download', unreferenced: 'not used by any model' }

export const clean: ModelsCommand = {
  name: 'clean',
  aliases: [],
  argument: '',
  summary: 'delete leftovers of interrupted downloads, and files that no model uses',
  details: 'It only deletes files in the shared cache.',
  flags: ['dry-run', 'json'],
  run: async ({ flags: { dryRun, json }, signal }) => {
    await using engine = await createEngine({ signal })
    const cleaned = await engine.cleanModels({ dryRun })
    if (json) console.log(JSON.stringify(cleaned, null, 2))
    else for (const line of describeCleaned(cleaned, dryRun)) console.log(line)
    return 0
  },
}

/** Returns the lines that show which files were deleted, or would be. */
function describeCleaned({ removed, freedBytes }: CleanedModels, dryRun: boolean): string[] {
  if (removed.length === 0) return ['There is nothing to delete.']
  const lines = removed.map(({ path, bytes, reason }) => {
    return `  ${formatBytes(bytes).padStart(9)}  ${reasons[reason]}  ${path}`
  })
  const size = formatBytes(freedBytes)
  return dryRun
    ? ['These files would be deleted:', ...lines, `This would free ${size}.`]
    : ['Deleted:', ...lines, `${statusMark(true)} Freed ${size}`]
}
