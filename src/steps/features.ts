import { allFeatures, type FeatureId, featuresOf, type TemplateId } from '../choices.ts'
import type { Arguments } from '../command-line/arguments.ts'
import { valuesIn } from '../command-line/values.ts'
import { UsageError } from '../errors.ts'
import type { Prompter } from '../terminal/prompter.ts'

/**
 * Settles what the project has beside its template, in the order of the table of features.
 *
 * @throws UsageError for a feature that the template can't have.
 */
export async function resolveFeatures(
  given: Arguments,
  template: TemplateId,
  prompter: Prompter | undefined,
): Promise<FeatureId[]> {
  const offered = featuresOf(template)
  const text = given.values.get('with')
  const wanted = text === undefined ? await ask(offered, prompter) : valuesIn(text)
  const missing = allFeatures.find(
    (feature) => wanted.includes(feature.value) && !offered.some(({ value }) => value === feature.value),
  )
  if (missing !== undefined) {
    const features = offered.map(({ value }) => value).join(', ')
    throw new UsageError(`The template ${template} does not come with ${missing.value}.`, {
      hints: [
        `--template ${template} takes --with: ${features === '' ? 'nothing' : features}`,
        `--with ${missing.value} goes with --template: ${missing.templates.join(', ')}`,
      ],
    })
  }
  return offered.map(({ value }) => value).filter((value) => wanted.includes(value))
}

async function ask(
  offered: ReturnType<typeof featuresOf>,
  prompter: Prompter | undefined,
): Promise<readonly string[]> {
  if (prompter === undefined || offered.length === 0) return []
  return await prompter.selectMany('Beside that:', offered)
}
