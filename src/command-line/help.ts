import { allSwitchOptions, allValueOptions, type SwitchOption, type ValueOption } from './options.ts'

/** Returns the text of --help, made from the registry of options. */
export function helpText(version: string): string {
  const rows = [...allValueOptions, ...allSwitchOptions].map((option) => ({
    option,
    left: leftColumn(option),
  }))
  const width = Math.max(...rows.map((row) => row.left.length))
  const lines = rows.flatMap(({ option, left }) => [
    `  ${left.padEnd(width)}  ${option.help}`,
    ...detailsOf(option).map((detail) => `  ${' '.repeat(width)}    ${detail}`),
  ])
  return `create-mlx-app ${version}: create a project that runs a language model on MLX

Usage: npm create mlx-app@latest [DIR] [-- OPTIONS]
       npx create-mlx-app@latest [DIR] [OPTIONS]

DIR is the folder to create. "." is the current folder, and @scope/name creates the folder "name".

Options:
${lines.join('\n')}

Examples:
  npm create mlx-app@latest my-app
  npm create mlx-app@latest my-api -- --server --with docker,ci
  npm create mlx-app@latest my-package -- --python
  npx create-mlx-app my-app --yes --model hello
  npx create-mlx-app my-app --model mlx-community/Qwen3-0.6B-4bit --env uv
  npx create-mlx-app my-app --yes --python-path ./.venv/bin/python
  npx create-mlx-app my-app --yes --dry-run
  npx create-mlx-app --list --json

Without a terminal (scripts, CI, coding agents):
  There are no prompts. Pass DIR and --model, or DIR and --yes. In CI and under a coding agent, --yes is implied.
  If something is missing, the tool lists it with its possible values and exits with 2. It prints each default that
  it uses as a flag. With npm create, put all flags after "--".

  --json prints one line of JSON to stdout, and everything else to stderr:
    project:   ok, directory, version, answers, defaults, files, overwritten, changed, install, setup, git, next, notes,
               command
    --dry-run: ok, dryRun, directory, answers, defaults, files (their paths), overwritten, changed, command
    --list:    ok, templates, features, models (id, task, downloadBytes, memoryBytes, licence, revision, fit), defaultModel
    --help:    ok, version, options
    error:     ok (false), error (name, message, hints)
  "changed" lists the files of a monorepo's root that were changed, "next" the commands to run next, and "command"
  creates the same project again.

Exit codes:
  0    the project was created
  1    it could not be created, or it was created but installing or setup failed
  2    the command line is wrong
  130  interrupted`
}

function leftColumn(option: ValueOption | SwitchOption): string {
  const flag = option.kind === 'value' ? `${option.flag} ${option.placeholder}` : option.flag
  return option.short === undefined ? `    ${flag}` : `${option.short}, ${flag}`
}

function detailsOf(option: ValueOption | SwitchOption): string[] {
  if (option.kind === 'switch') return []
  const choices = option.choices?.map((choice) =>
    choice.description === '' ? choice.value : `${choice.value}: ${choice.description}`,
  )
  return [...(choices ?? []), `default: ${option.defaultHelp}`]
}

/** Returns every option of the registry, for --help --json. */
export function helpJson(): object[] {
  return [
    ...allValueOptions.map(({ flag, short, placeholder, help, choices, many, defaultHelp }) => ({
      flag,
      ...(short === undefined ? {} : { short }),
      value: placeholder,
      help,
      ...(choices === undefined ? {} : { values: choices.map(({ value }) => value) }),
      ...(many === undefined ? {} : { many }),
      default: defaultHelp,
    })),
    ...allSwitchOptions.map(({ flag, short, help }) => ({
      flag,
      ...(short === undefined ? {} : { short }),
      help,
    })),
  ]
}
