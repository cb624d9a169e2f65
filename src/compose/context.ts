import type { Answers, PackageManager } from '../choices.ts'
import { quietScriptCommand } from '../system/package-manager.ts'

/** What templates can name. */
export interface RenderContext {
  /** npm name of the project. */
  name: string
  template: string
  /** The model that the project uses when none is named. */
  model: string
  /** True when the model is the one that comes with the project. */
  isHello: boolean
  author: string
  /** Version of create-mlx-app. */
  toolVersion: string
  packageManager: PackageManager
  /** What Dependabot calls the package manager: it reads the lock files of npm, pnpm and Yarn by one name. */
  packageEcosystem: 'npm' | 'bun'
  /** `npm install` */
  install: string
  /** `npm run`: `{{run}} setup` */
  run: string
  /** What goes between a script and its flags: `{{run}} setup{{pass}} --fresh`. ' --' for npm, '' for others. */
  pass: string
  /** `npm -s start --`: what it prints is only what the program prints; a question follows. */
  quietStart: string
}

/** The names that templates can use. */
export const contextKeys = [
  'name',
  'template',
  'model',
  'isHello',
  'author',
  'toolVersion',
  'packageManager',
  'packageEcosystem',
  'install',
  'run',
  'pass',
  'quietStart',
] as const satisfies readonly (keyof RenderContext)[]

export function renderContext(answers: Answers, toolVersion: string): RenderContext {
  const manager = answers.packageManager
  return {
    name: answers.name,
    template: answers.template,
    model: answers.model,
    isHello: answers.model === 'hello',
    author: answers.author,
    toolVersion,
    packageManager: manager,
    packageEcosystem: manager === 'bun' ? 'bun' : 'npm',
    install: `${manager} install`,
    run: `${manager} run`,
    pass: manager === 'npm' ? ' --' : '',
    quietStart: quietScriptCommand(manager, 'start').join(' '),
  }
}
