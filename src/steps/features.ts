import { allFeatures, type FeatureId, featuresOf, type TemplateId } from '../choices.ts'
import { splitValues } from '../command-line/values.ts'
import { UsageError } from '../errors.ts'
import { type Resolver, resolveOption } from './resolver.ts'

/**
 * Resolves the features to add, in the order of their table.
 *
 * @throws UsageError for a feature that the template does not support.
 */
export async function resolveFeatures(resolver: Resolver, template: TemplateId): Promise<FeatureId[]> {
  const supported = featuresOf(template)
  const text = await resolveOption(resolver, 'with', { template }, async (prompter, question) =>
    supported.length === 0 ? undefined : (await prompter.selectMany(question, supported)).join(','),
  )
  const wanted = splitValues(text)
  const unsupported = allFeatures.find(
    (feature) => wanted.includes(feature.value) && !supported.some(({ value }) => value === feature.value),
  )
  if (unsupported !== undefined) {
    const values = supported.map(({ value }) => value).join(', ')
    throw new UsageError(`The template ${template} does not support --with ${unsupported.value}.`, {
      hints: [
        `--template ${template} supports --with: ${values === '' ? 'nothing' : values}`,
        `--with ${unsupported.value} needs --template ${unsupported.templates.join(' or ')}`,
      ],
    })
  }
  return supported.map(({ value }) => value).filter((value) => wanted.includes(value))
}
