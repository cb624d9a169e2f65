/** The settings of models: what calls get that leave an option out, and what a model may use. */
import * as z from 'zod'
import { type Aliases, aliasesSchema, resolveAlias } from './aliases.ts'
import { EngineError } from './errors.ts'
import { modelSamplingShape, promptShape } from './protocol.ts'

const shape = {
  sampling: z
    .strictObject(modelSamplingShape)
    .meta({ id: 'SamplingSettings', description: 'Options of sampling for calls that leave them out.' })
    .optional(),
  templateOptions: promptShape.templateOptions.unwrap().optional(),
  contextTokens: z
    .int()
    .min(1)
    .optional()
    .describe('The most tokens of prompt and answer together, instead of what its config.json says.'),
}

const pinned = z
  .boolean()
  .optional()
  .describe('Whether the model stays in memory when others need room or when it is idle.')

const modelSchema = z
  .strictObject({ ...shape, pinned })
  .meta({ id: 'ModelSettings', description: 'The settings of a model.' })

/** What the worker is started with, as JSON. */
export const workerSettingsSchema = z
  .strictObject({
    all: modelSchema.optional().describe('The settings of all models.'),
    models: z
      .record(z.string(), modelSchema)
      .default({})
      .describe('The settings of single models, which take precedence.'),
  })
  .meta({ id: 'WorkerSettings', description: 'The settings of models, by the name that calls give them.' })

/** The settings of models in mlx.config.json and in the options of `createEngine`. */
export const modelSettingsShape = {
  ...shape,
  aliases: aliasesSchema.optional(),
  modelSettings: z
    .record(
      z.string().min(1),
      z.strictObject({ ...shape, pinned, aliases: z.array(z.string().min(1)).optional() }),
    )
    .optional(),
}

const settingsSchema = z.object(modelSettingsShape)

export type ModelsSettings = z.output<typeof settingsSchema>

/**
 * Returns all aliases: those of `aliases`, and those of single models.
 *
 * @throws EngineError INVALID_REQUEST for a name that is given to two models.
 */
export function allAliases({ aliases = {}, modelSettings = {} }: ModelsSettings): Aliases {
  const all: Aliases = { ...aliases }
  for (const [model, { aliases: names = [] }] of Object.entries(modelSettings)) {
    for (const name of names) {
      if (Object.hasOwn(all, name) && all[name] !== model) {
        throw new EngineError('INVALID_REQUEST', `The alias ${name} is given to two models.`)
      }
      all[name] = model
    }
  }
  return all
}

/**
 * Returns the settings for the worker.
 *
 * @param workerName returns the worker's name for a model
 * @throws EngineError INVALID_REQUEST for an alias of several models, and for two names of one.
 */
export function workerSettings(
  settings: ModelsSettings,
  workerName: (model: string) => string,
): z.output<typeof workerSettingsSchema> {
  const { sampling, templateOptions, contextTokens, modelSettings = {} } = settings
  const aliases = allAliases(settings)
  const models: Record<string, z.output<typeof modelSchema>> = {}
  for (const [name, { aliases: _, ...own }] of Object.entries(modelSettings)) {
    const model = workerName(
      resolveAlias(aliases, name, () => {
        const problem = `modelSettings has an entry for ${name}, which stands for several models.`
        throw new EngineError('INVALID_REQUEST', problem)
      }),
    )
    if (Object.hasOwn(models, model)) {
      throw new EngineError('INVALID_REQUEST', `modelSettings has two entries for ${model}.`)
    }
    models[model] = own
  }
  return { all: { sampling, templateOptions, contextTokens }, models }
}
