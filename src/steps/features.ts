import { allFeatures, type FeatureId, featuresOf, type MonorepoRole, type TemplateId } from '../choices.ts'
import { splitValues } from '../command-line/values.ts'
import { UsageError } from '../errors.ts'
import { type Resolver, resolveOption } from './resolver.ts'

/**
 * Resolves the features to add, in the order of their table.
 *
 * @throws UsageError for a feature that the template or a member of a monorepo does not support.
 */
export async function resolveFeatures(
  resolver: Resolver,
  template: TemplateId,
  role?: MonorepoRole,
): Promise<FeatureId[]> {
  const supported = featuresOf(template, role)
  const text = await resolveOption(resolver, 'with', { template }, async (prompter, question) =>
    supported.length === 0 ? undefined : (await prompter.selectMany(question, supported)).join(','),
  )
  const wanted = splitValues(text)
  const unsupported = allFeatures.find(
    (feature) => wanted.includes(feature.value) && !supported.some(({ value }) => value === feature.value),
  )
  if (unsupported?.templates.includes(template)) {
    throw new UsageError(
      `--with ${unsupported.value} is for a whole repository, not for a member of a monorepo.`,
      {
        hints: [`Leave out --with ${unsupported.value}, or add --monorepo standalone.`],
      },
    )
  }
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
