import { allSwitchOptions, allValueOptions, type SwitchOption, type ValueOption } from './options.ts'

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
  npm create mlx-app@latest my-app
  npm create mlx-app@latest my-api -- --server --with docker,ci
  npx create-mlx-app my-app --yes --model hello
  npx create-mlx-app my-app --model mlx-community/Qwen3-0.6B-4bit --env uv
  npx create-mlx-app my-app --yes --python-path ./.venv/bin/python
  npx create-mlx-app my-app --yes --dry-run
  npx create-mlx-app --list --json

Without a terminal (scripts, CI, coding agents):
  Nothing is asked. Give DIR and --model, or DIR and --yes; in CI and under a coding agent --yes is implied, and
  one line says so. What is missing is listed with its values, exit 2. Each default that is taken is echoed
  with its flag. With npm create, flags come after "--".
  --json prints one line of JSON on stdout, everything else goes to stderr:
    a project: ok, directory, version, answers, defaults, files, overwritten, install, setup, git, next, notes, command
    --dry-run: ok, dryRun, directory, answers, defaults, files (their paths), command
    --list: ok, templates, features, models (id, task, downloadBytes, memoryBytes, licence, revision, fits), defaultModel
    --help: ok, version, options
    an error: ok (false), error (name, message, hints)
  "next" has the commands that are left to run, "command" makes the same project again.

Exit: 0 made, 1 could not (where install or set-up failed, the project stays), 2 wrong usage, 130 interrupted.`
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
  return [...(choices ?? []), `default: ${option.fallback}`]
}

/** What --help gives a program: every option of the registry. */
export function helpJson(): object[] {
  return [
    ...allValueOptions.map(({ flag, short, placeholder, help, choices, many, fallback }) => ({
      flag,
      ...(short === undefined ? {} : { short }),
      value: placeholder,
      help,
      ...(choices === undefined ? {} : { values: choices.map(({ value }) => value) }),
      ...(many === undefined ? {} : { many }),
      default: fallback,
    })),
    ...allSwitchOptions.map(({ flag, short, help }) => ({
      flag,
      ...(short === undefined ? {} : { short }),
      help,
    })),
  ]
}
