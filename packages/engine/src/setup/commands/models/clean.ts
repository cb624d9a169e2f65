import { type CleanedModels, createEngine } from '../../../engine/index.ts'
import { formatBytes } from '../../terminal/format.ts'
import { mark } from '../../terminal/terminal.ts'
import type { ModelsCommand } from './command.ts'

const reasons = { partial: 'of a download that broke off', unreferenced: 'of no model any more' }

export const clean: ModelsCommand = {
  name: 'clean',
  aliases: [],
  argument: '',
  summary: 'deletes what broken-off downloads left in the shared cache, and files of no model',
  details: '',
  flags: ['dry-run', 'json'],
  run: async ({ flags: { dryRun, json }, signal }) => {
    await using engine = await createEngine({ signal })
    const cleaned = await engine.cleanModels({ dryRun })
    if (json) console.log(JSON.stringify(cleaned, null, 2))
    else for (const line of describeCleaned(cleaned, dryRun)) console.log(line)
    return 0
  },
}

export function describeCleaned({ removed, freedBytes }: CleanedModels, dryRun: boolean): string[] {
  if (removed.length === 0) return ['There is nothing to delete.']
  const lines = removed.map(({ path, bytes, reason }) => {
    return `  ${formatBytes(bytes).padStart(9)}  ${reasons[reason]}  ${path}`
  })
  const size = formatBytes(freedBytes)
  return dryRun
    ? ['Would be deleted:', ...lines, `${size} would be free again.`]
    : ['Deleted:', ...lines, `${mark(true)} ${size} are free again`]
}
