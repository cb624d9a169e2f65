import { allFeatures, featuresOf, templates } from './choices.ts'
import { catalogue, defaultModel, describeModel, fits, formatBytes } from './models.ts'
import { allSwitchOptions, allValueOptions, type SwitchOption, type ValueOption } from './options.ts'
import type { Machine } from './system/machine.ts'

/** The text of --help, made from the registry. */
export function helpText(version: string): string {
  const rows = [...allValueOptions, ...allSwitchOptions].map((option) => ({ option, left: leftOf(option) }))
  const width = Math.max(...rows.map((row) => row.left.length))
  const lines = rows.flatMap(({ option, left }) => [
    `  ${left.padEnd(width)}  ${option.help}`,
    ...detailsOf(option).map((detail) => `  ${' '.repeat(width)}    ${detail}`),
  ])
  return `create-mlx-app ${version}: a project that runs a language model on MLX

Usage: npm create mlx-app@latest [DIR] [-- FLAGS]
       npx create-mlx-app@latest [DIR] [FLAGS]

DIR is the folder to make; "." is this one, @scope/name makes the folder name.

${lines.join('\n')}

Examples:
  npx create-mlx-app my-app
  npx create-mlx-app my-app --yes --model hello
  npx create-mlx-app my-app --model mlx-community/Qwen3-0.6B-4bit --env uv

Without a terminal (scripts, CI, coding agents):
  Nothing is asked. Give DIR and --model, or DIR and --yes; in CI and under a coding agent --yes is implied.
  --json prints one line of JSON on stdout, everything else goes to stderr.
  With npm create, flags come after "--".

Exit: 0 made, 1 could not, 2 wrong usage, 130 interrupted.`
}

function leftOf(option: ValueOption | SwitchOption): string {
  const flag = option.kind === 'value' ? `${option.flag} ${option.placeholder}` : option.flag
  return option.short === undefined ? `    ${flag}` : `${option.short}, ${flag}`
}

function detailsOf(option: ValueOption | SwitchOption): string[] {
  if (option.kind === 'switch') return []
  const choices = option.choices?.map((choice) =>
    choice.description === '' ? choice.value : `${choice.value}: ${choice.description}`,
  )
  const models = option.id === 'model' ? catalogue.map((model) => model.id) : []
  return [...(choices ?? models), `default: ${option.fallback}`]
}

/** What --list gives a program. */
export function listing(machine: Machine): object {
  return {
    templates: templates.map(({ value, title, description }) => ({
      id: value,
      title,
      description,
      features: featuresOf(value).map((feature) => feature.value),
    })),
    features: allFeatures.map(({ value, title, description, templates: of }) => ({
      id: value,
      title,
      description,
      templates: of,
    })),
    models: catalogue.map((model) => ({ ...model, fits: fits(model, machine) })),
    defaultModel: defaultModel(machine).id,
  }
}

/** The text of --list. */
export function listText(machine: Machine): string {
  const chosen = defaultModel(machine).id
  return [
    'Templates:',
    ...templates.map((template) => `  ${template.value}: ${template.description}`),
    'Features (--with):',
    ...allFeatures.map(
      ({ value, description, templates: of }) => `  ${value}: ${description} (${of.join(', ')})`,
    ),
    `Models (any other Hugging Face id or path can be given), for ${formatBytes(machine.memoryBytes)} of memory:`,
    ...catalogue.map((model) => {
      const mark = model.id === chosen ? ' [default here]' : ''
      return `  ${describeModel(model, machine)}${mark}\n      ${model.description}; ${model.licence}`
    }),
  ].join('\n')
}
