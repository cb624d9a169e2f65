import { type Answers, type PackageManager, packagesFor, templateOf } from '../choices.ts'
import {
  addCommand,
  frozenInstallCommand,
  lockFiles,
  quietRun,
  quietStartCommand,
  runProgram,
} from '../package-manager.ts'
import type { CarriedPackage } from '../packages.ts'
import { pythonPackageName } from '../project/python-package-name.ts'

/** What templates can name. */
export interface RenderContext {
  /** npm name of the project. */
  name: string
  template: string
  /** The model that the project uses when none is named. */
  model: string
  /** Commit that the model is pinned to; '' for the branch `main`. */
  revision: string
  /** True when the model is the one that comes with the package mlx-app. */
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
  /** The same without what is for development alone. */
  frozenProduction: string
  /** True where the project has a Dockerfile. */
  docker: boolean
  /** True where the project has a Python project of its own. */
  python: boolean
  /** Name of the Python package in that. */
  pythonPackage: string
  /** True where the packages of this repository come as files, in the folder `vendor`. */
  vendored: boolean
  /** File name of the wheel in `vendor`; '' where the index has it. */
  wheel: string
  /** The command that takes the packages from the registry: `npm install --save-exact mlx-app@1.2.3`. */
  addPackages: string
  /** `npm install` */
  install: string
  /** `npm run`: `{{run}} setup` */
  run: string
  /** What goes between a script and its flags: `{{run}} setup{{pass}} --fresh`. ' --' for npm, '' for others. */
  pass: string
  /** `npx`: what runs a program of a package that is installed. */
  runProgram: string
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
  'frozenProduction',
  'docker',
  'python',
  'pythonPackage',
  'vendored',
  'wheel',
  'addPackages',
  'install',
  'run',
  'pass',
  'runProgram',
  'quietRun',
  'quietStart',
] as const satisfies readonly (keyof RenderContext)[]

/** @param carried the packages that the project gets as files. */
export function renderContext(
  answers: Answers,
  toolVersion: string,
  carried: readonly Pick<CarriedPackage, 'name' | 'file'>[],
): RenderContext {
  const manager = answers.packageManager
  const packages = packagesFor(answers).filter((name) => name !== 'wheel')
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
    frozenProduction: frozenInstallCommand(manager, 'production'),
    docker: answers.features?.includes('docker') ?? false,
    python: answers.features?.includes('python') ?? false,
    pythonPackage: pythonPackageName(answers.name),
    vendored: carried.length > 0,
    wheel: carried.find(({ name }) => name === 'wheel')?.file ?? '',
    addPackages: [...addCommand(manager), ...packages.map((name) => `${name}@${toolVersion}`)].join(' '),
    install: `${manager} install`,
    run: `${manager} run`,
    pass: manager === 'npm' ? ' --' : '',
    runProgram: runProgram(manager).join(' '),
    quietRun: quietRun(manager).join(' '),
    quietStart: quietStartCommand(manager).join(' '),
  }
}
