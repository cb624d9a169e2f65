/** Spells the commands of this package for messages, as they are run in a project. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { findRoot } from './project-root.ts'

/** How each package manager runs a program of an installed package. */
const runners: Readonly<Record<string, string>> = {
  npm: 'npx',
  pnpm: 'pnpm exec',
  yarn: 'yarn',
  bun: 'bunx',
}

/** The commands of the program `mlx-app`, which a project may also have as scripts. */
const programCommands = ['setup', 'doctor', 'models', 'vendor']

const manifestSchema = z.object({ scripts: z.record(z.string(), z.string()).default({}) })

/**
 * Returns the command that runs a script of this project, with the package manager that started this program
 * (npm_config_user_agent) or npm. In a project without such a script it runs the program: `npx mlx-app setup`.
 */
export function scriptCommand(
  script: string,
  environment: NodeJS.ProcessEnv = process.env,
  root = findRoot(undefined, environment).root,
): string {
  const manager = managerOf(environment)
  if (programCommands.includes(script) && !hasScript(script, root)) {
    return `${programCommand('mlx-app', environment)} ${script}`
  }
  const short = script === 'start' && manager !== 'bun'
  return short ? `${manager} start` : `${manager} run ${script}`
}

/** Returns the command of `scriptCommand` with arguments. Only npm needs two dashes before them; pnpm would pass them on. */
export function scriptWithArguments(
  script: string,
  scriptArguments: string,
  environment: NodeJS.ProcessEnv = process.env,
  root = findRoot(undefined, environment).root,
): string {
  const command = scriptCommand(script, environment, root)
  return command.startsWith('npm ') ? `${command} -- ${scriptArguments}` : `${command} ${scriptArguments}`
}

/** Returns the command that runs a program of an installed package, such as `npx mlx-app-server`. */
export function programCommand(program: string, environment: NodeJS.ProcessEnv = process.env): string {
  return `${runners[managerOf(environment)]} ${program}`
}

/** Rewrites npm commands in a text of the Python half, such as `npm run setup -- --with x`, for this project. */
export function adaptCommands(text: string, environment: NodeJS.ProcessEnv = process.env): string {
  return text.replace(/\bnpm run ([a-z]+)( -- )?/g, (_, script: string, dashes: string | undefined) =>
    dashes === undefined ? scriptCommand(script, environment) : scriptWithArguments(script, '', environment),
  )
}

/** Returns whether the project's package.json has a script. */
export function hasScript(script: string, root = findRoot(undefined).root): boolean {
  return script in scriptsOf(root)
}

function managerOf(environment: NodeJS.ProcessEnv): string {
  const agent = environment.npm_config_user_agent?.split('/')[0] ?? 'npm'
  return agent in runners ? agent : 'npm'
}

function scriptsOf(root: string): Record<string, string> {
  try {
    return manifestSchema.parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))).scripts
  } catch {
    // There is no package.json, or npm can't read it either.
    return {}
  }
}
