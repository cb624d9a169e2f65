import { type Answers, type PackageManager, templateOf } from '../choices.ts'
import { frozenInstallCommand, lockFiles, quietRun, quietStartCommand } from '../system/package-manager.ts'

/** What templates can name. */
export interface RenderContext {
  /** npm name of the project. */
  name: string
  template: string
  /** The model that the project uses when none is named. */
  model: string
  /** Commit that the model is pinned to; '' for the branch `main`. */
  revision: string
  /** True when the model is the one that comes with the project. */
  isHello: boolean
  author: string
  /** Version of create-mlx-app. */
  toolVersion: string
  packageManager: PackageManager
  /** What `npm start` does. */
  startDoes: string
  /** What Dependabot calls the package manager: it reads the lock files of npm, pnpm and Yarn by one name. */
  packageEcosystem: 'npm' | 'bun'
  /** Files that an install which keeps to the lock reads beside package.json, with spaces between. */
  lockFiles: string
  /** The shell command of such an install, on a machine that has Node alone. */
  frozenInstall: string
  /** True where the project has a Dockerfile. */
  docker: boolean
  /** `npm install` */
  install: string
  /** `npm run`: `{{run}} setup` */
  run: string
  /** What goes between a script and its flags: `{{run}} setup{{pass}} --fresh`. ' --' for npm, '' for others. */
  pass: string
  /** `npm -s run`: the same, and what is printed is only what the script prints. */
  quietRun: string
  /** `npm -s start --`: what it prints is only what the program prints; a question follows. */
  quietStart: string
}

/** The names that templates can use. */
export const contextKeys = [
  'name',
  'template',
  'model',
  'revision',
  'isHello',
  'author',
  'toolVersion',
  'packageManager',
  'startDoes',
  'packageEcosystem',
  'lockFiles',
  'frozenInstall',
  'docker',
  'install',
  'run',
  'pass',
  'quietRun',
  'quietStart',
] as const satisfies readonly (keyof RenderContext)[]

export function renderContext(answers: Answers, toolVersion: string): RenderContext {
  const manager = answers.packageManager
  return {
    name: answers.name,
    template: answers.template,
    model: answers.model,
    revision: answers.revision ?? '',
    isHello: answers.model === 'hello',
    author: answers.author,
    toolVersion,
    packageManager: manager,
    startDoes: templateOf(answers.template).startDoes,
    packageEcosystem: manager === 'bun' ? 'bun' : 'npm',
    lockFiles: lockFiles(manager).join(' '),
    frozenInstall: frozenInstallCommand(manager),
    docker: answers.features?.includes('docker') ?? false,
    install: `${manager} install`,
    run: `${manager} run`,
    pass: manager === 'npm' ? ' --' : '',
    quietRun: quietRun(manager).join(' '),
    quietStart: quietStartCommand(manager).join(' '),
  }
}
