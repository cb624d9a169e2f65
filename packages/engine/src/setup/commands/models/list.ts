import { createEngine, type ModelOnDisk } from '../../../engine/index.ts'
import { findProject, modelFolder, type Project, scriptWithArguments } from '../../../engine/project/index.ts'
import { fitsMemory } from '../../models/memory.ts'
import { formatBytes } from '../../terminal/format.ts'
import type { ModelsCommand } from './command.ts'

/** A row of the list, and an object of its JSON. */
export interface ListedModel extends ModelOnDisk {
  /** Whether it is the model of mlx.config.json or MLX_MODEL. */
  configured: boolean
  /** Whether it fits into the memory limit for models. */
  fits: boolean
}

export const list: ModelsCommand = {
  name: 'list',
  aliases: [],
  argument: '',
  summary: 'list the models in models/ and in the shared Hugging Face cache (default)',
  details: 'A * marks the model that the project uses.',
  flags: ['json'],
  run: async ({ flags }) => {
    const project = findProject()
    await using engine = await createEngine()
    const [onDisk, { memoryLimitBytes }] = await Promise.all([engine.models(), engine.status()])
    const models = onDisk.map((model) => ({
      ...model,
      configured: isConfigured(model, project),
      fits: fitsMemory(model.bytes, memoryLimitBytes),
    }))
    if (flags.json) console.log(JSON.stringify(models, null, 2))
    else for (const line of formatModelList(models, project.config.model)) console.log(line)
    return 0
  },
}

/** Returns the lines of the table, and a note if the configured model is missing. */
export function formatModelList(models: readonly ListedModel[], configured: string): string[] {
  const rows = [
    ['  MODEL', 'SIZE', 'PLACE', 'MEMORY', 'PATH'],
    ...models.map((model) => [
      `${model.configured ? '*' : ' '} ${model.model}`,
      formatBytes(model.bytes),
      model.place,
      model.fits ? 'fits' : 'too large',
      model.path,
    ]),
  ]
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  const lines = rows.map((row) =>
    row
      .map((cell, column) =>
        column === 1 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  )
  const found = models.some((model) => model.configured)
  return found ? lines : [...lines, describeMissing(configured)]
}

function describeMissing(model: string): string {
  if (modelFolder(model, '.') !== undefined) {
    return `\nThe project uses ${model}, which is not the folder of a model. Correct "model" in mlx.config.json.`
  }
  const command = scriptWithArguments('models', 'pull')
  return `\nThe project uses ${model}, which is not on this machine. To download it, run: ${command}`
}

function isConfigured({ model, path }: ModelOnDisk, { config, root }: Project): boolean {
  return model === config.model || path === modelFolder(config.model, root)
}
