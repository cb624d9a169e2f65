import { basename } from 'node:path'
import { type Answers, type PackageManager, packagesFor, templateOf } from '../choices.ts'
import { isHuggingFaceId } from '../models/identify.ts'
import {
  addCommand,
  frozenInstallCommand,
  lockFiles,
  quietRun,
  quietStartCommand,
  runProgram,
} from '../package-manager.ts'
import type { CarriedPackage } from '../packages.ts'
import { appId, productName } from '../project/app-names.ts'
import { pythonPackageName } from '../project/python-package-name.ts'

/** The values that templates can use. */
export interface RenderContext {
  /** The name of the project on npm or, for a Python project, on PyPI. */
  name: string
  /** The name that users of a desktop app see: `My App` for `my-app`. */
  productName: string
  /** The identifier of a desktop app, such as `com.example.my-app`. */
  appId: string
  template: string
  /** Whether the project is a desktop app. */
  desktop: boolean
  /** Whether Biome has a configuration in a folder above. */
  belowBiome: boolean
  /** Whether the project is a member of a monorepo. */
  member: boolean
  /** The folder with the installed packages, relative to the project: `node_modules`. */
  packagesFolder: string
  /** The model that the project uses by default. */
  model: string
  /** The name of the model in requests to the server: for a path, the name of the folder. */
  servedModel: string
  /** The commit that the model is pinned to; '' for the branch `main`. */
  revision: string
  /** Whether the model is the one that is included in mlx-app. */
  isHello: boolean
  author: string
  /** The version of create-mlx-app. */
  toolVersion: string
  /** The package manager; npm in a Python project, whose templates use none of its commands. */
  packageManager: PackageManager
  /** What the start command does. */
  startDoes: string
  /** Dependabot's name for the package manager. npm, pnpm and Yarn share one. */
  packageEcosystem: 'npm' | 'bun'
  /** The files that a frozen install reads in addition to package.json, separated by spaces. */
  lockFiles: string
  /** The shell command of a frozen install on a machine with only Node. */
  frozenInstall: string
  /** The same without development dependencies. */
  frozenProduction: string
  /** Whether the project has a Dockerfile. */
  docker: boolean
  /** Whether a TypeScript project has a Python project of its own. */
  python: boolean
  /** The name of the project's Python package. */
  pythonPackage: string
  /** Whether the packages of this repository are files in the folder `vendor`. */
  vendored: boolean
  /** The file name of the wheel in `vendor`; '' if it comes from the index. */
  wheel: string
  /** The address of PyPI, which uv.lock names for each package. */
  packageIndex: string
  /** The SHA-256 of that wheel, which is also the one on the index, in hex. */
  wheelSha256: string
  /** The command that installs the packages from the registry: `npm install --save-exact mlx-app@1.2.3`. */
  addPackages: string
  /** `npm install` */
  install: string
  /** `npm run`: `{{run}} setup` */
  run: string
  /** What separates a script from its flags, ' --' for npm and '' for others: `{{run}} setup{{pass}} --fresh`. */
  pass: string
  /** The command that runs a program of an installed package: `npx`. */
  runProgram: string
  /** The same as `run`, without output of the package manager: `npm -s run`. */
  quietRun: string
  /** The start command without output of the package manager, to be followed by a question: `npm -s start --`. */
  quietStart: string
}

/** The names that templates can use. */
export const contextKeys = [
  'name',
  'productName',
  'appId',
  'template',
  'desktop',
  'belowBiome',
  'member',
  'packagesFolder',
  'model',
  'servedModel',
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
  'wheelSha256',
  'packageIndex',
  'addPackages',
  'install',
  'run',
  'pass',
  'runProgram',
  'quietRun',
  'quietStart',
] as const satisfies readonly (keyof RenderContext)[]

/**
 * Returns the values for the templates of a project.
 *
 * @param carried the packages that the project gets as files.
 * @param wheelSha256 the SHA-256 of the wheel of this version, in hex.
 */
export function renderContext(
  answers: Answers,
  toolVersion: string,
  carried: readonly Pick<CarriedPackage, 'name' | 'file'>[],
  wheelSha256: string,
): RenderContext {
  const manager = answers.packageManager ?? 'npm'
  const packages = packagesFor(answers).filter((name) => name !== 'wheel')
  return {
    name: answers.name,
    productName: productName(answers.name),
    appId: appId(answers.name),
    template: answers.template,
    desktop: answers.template === 'desktop',
    belowBiome: answers.belowBiome ?? false,
    member: answers.monorepo === 'member',
    packagesFolder: answers.packagesFolder ?? 'node_modules',
    model: answers.model,
    servedModel: isHuggingFaceId(answers.model) ? answers.model : basename(answers.model),
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
    wheelSha256,
    packageIndex: 'https://pypi.org/simple',
    addPackages: [...addCommand(manager), ...packages.map((name) => `${name}@${toolVersion}`)].join(' '),
    install: `${manager} install`,
    run: `${manager} run`,
    pass: manager === 'npm' ? ' --' : '',
    runProgram: runProgram(manager).join(' '),
    quietRun: quietRun(manager).join(' '),
    quietStart: quietStartCommand(manager).join(' '),
  }
}
