/** How the commands of this package are called in a project, for the texts that name one. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { findRoot } from './project-root.ts'

/** How each package manager runs a program of a package. */
const runners: Readonly<Record<string, string>> = {
  npm: 'npx',
  pnpm: 'pnpm exec',
  yarn: 'yarn',
  bun: 'bunx',
}

/** The commands of the program `mlx-app`, which an app need not have as scripts. */
const programCommands = ['setup', 'doctor', 'models']

const manifestSchema = z.object({ scripts: z.record(z.string(), z.string()).default({}) })

/**
 * How a script of this project is run by the package manager that started this program, which tells its name to each
 * script (npm_config_user_agent); by npm where none did. A project without such a script runs the program: `npx mlx-app setup`.
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

/** The same with arguments: npm alone needs the two dashes in front of those of a script, and pnpm would pass them on. */
export function scriptWithArguments(
  script: string,
  scriptArguments: string,
  environment: NodeJS.ProcessEnv = process.env,
  root = findRoot(undefined, environment).root,
): string {
  const command = scriptCommand(script, environment, root)
  return command.startsWith('npm ') ? `${command} -- ${scriptArguments}` : `${command} ${scriptArguments}`
}

/** How a program of an installed package is run by that package manager: `npx mlx-app-server`. */
export function programCommand(program: string, environment: NodeJS.ProcessEnv = process.env): string {
  return `${runners[managerOf(environment)]} ${program}`
}

/** A text of the Python half, which knows of npm alone, with its `npm run setup -- --with x` as this project has it. */
export function adaptCommands(text: string, environment: NodeJS.ProcessEnv = process.env): string {
  return text.replace(/\bnpm run ([a-z]+)( -- )?/g, (_, script: string, dashes: string | undefined) =>
    dashes === undefined ? scriptCommand(script, environment) : scriptWithArguments(script, '', environment),
  )
}

/** Whether the project's package.json has a script. */
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
    // No package.json, or one that npm can't read either: it has no scripts.
    return {}
  }
}
