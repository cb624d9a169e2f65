/** How scripts of this project are called, for the texts that name a command. */

const managers = ['npm', 'pnpm', 'yarn', 'bun']

/**
 * How a script of this project is run by the package manager that started this program, which tells its name to each
 * script (npm_config_user_agent); by npm where none did.
 */
export function scriptCommand(script: string, environment: NodeJS.ProcessEnv = process.env): string {
  const agent = environment.npm_config_user_agent?.split('/')[0] ?? 'npm'
  const manager = managers.includes(agent) ? agent : 'npm'
  const short = script === 'start' && manager !== 'bun'
  return short ? `${manager} start` : `${manager} run ${script}`
}

/** The same with arguments for the script: npm alone needs the two dashes, and pnpm would pass them on. */
export function scriptWithArguments(
  script: string,
  scriptArguments: string,
  environment: NodeJS.ProcessEnv = process.env,
): string {
  const command = scriptCommand(script, environment)
  return command.startsWith('npm ') ? `${command} -- ${scriptArguments}` : `${command} ${scriptArguments}`
}

/** A text of the Python half, which knows of npm alone, with its `npm run setup -- --dev` as this package manager has it. */
export function inThisManager(text: string, environment: NodeJS.ProcessEnv = process.env): string {
  return text.replace(/\bnpm run ([a-z]+)( -- )?/g, (_, script: string, dashes: string | undefined) =>
    dashes === undefined ? scriptCommand(script, environment) : scriptWithArguments(script, '', environment),
  )
}
