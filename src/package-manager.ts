import { type Answers, choose, type PackageManager, packageManagers } from './choices.ts'

/** The package manager that runs this process, by its user agent (`pnpm/12.0.1 npm/? node/v20...`), if it can be told. */
export function invokingPackageManager(environment: NodeJS.ProcessEnv): PackageManager | undefined {
  const agent = environment.npm_config_user_agent ?? ''
  return choose(packageManagers, agent.slice(0, agent.indexOf('/')))
}

/** One line for users of Yarn 1, which installs and runs a project but reads none of its settings; undefined for others. */
export function hintAboutYarn(manager: PackageManager, environment: NodeJS.ProcessEnv): string | undefined {
  if (manager !== 'yarn' || !environment.npm_config_user_agent?.startsWith('yarn/1.')) return undefined
  return 'The project is written for Yarn 4, which its checks and images use too: `yarn set version stable` gets it.'
}

/** The command that runs a script of package.json; only npm needs `--` in front of the script's own flags. */
export function scriptCommand(
  manager: PackageManager,
  script: string,
  flags: readonly string[] = [],
): string[] {
  const separator = manager === 'npm' && flags.length > 0 ? ['--'] : []
  return [manager, 'run', script, ...separator, ...flags]
}

/** The command that sets up Python in a project made with these answers. */
export function setupCommand({
  packageManager,
  env,
  pythonPath,
}: Pick<Answers, 'packageManager' | 'env' | 'pythonPath'>): string[] {
  return scriptCommand(packageManager, 'setup', [
    ...(env === undefined ? [] : ['--env', env]),
    ...(pythonPath === undefined ? [] : ['--python', pythonPath]),
  ])
}

/** What runs a script without the package manager's own lines on stdout: `npm -s run`, before the script's name. */
export function quietRun(manager: PackageManager): string[] {
  switch (manager) {
    case 'npm':
    case 'pnpm':
      return [manager, '-s', 'run']
    case 'yarn':
      return ['yarn', 'run']
    case 'bun':
      return ['bun', 'run', '--silent']
  }
}

/** The command of `start` without the package manager's own lines on stdout, ready for arguments to be added. */
export function quietStartCommand(manager: PackageManager): string[] {
  // Bun alone has no short form of its own that is quiet.
  const words = manager === 'bun' ? quietRun(manager) : quietRun(manager).filter((word) => word !== 'run')
  return [...words, 'start', ...(manager === 'npm' ? ['--'] : [])]
}

/**
 * The words in front of the folder in a command that creates a project with this very version. Yarn can run a package that is
 * not installed from version 2 on; where no such Yarn runs this process, npm's command is the one that works.
 */
export function createCommand(
  manager: PackageManager,
  version: string,
  environment: NodeJS.ProcessEnv,
): string[] {
  switch (manager) {
    case 'npm':
      return ['npx', `create-mlx-app@${version}`]
    case 'pnpm':
      return ['pnpm', 'dlx', `create-mlx-app@${version}`]
    case 'yarn':
      return /^yarn\/([2-9]|\d\d)/.test(environment.npm_config_user_agent ?? '')
        ? ['yarn', 'dlx', `create-mlx-app@${version}`]
        : ['npx', `create-mlx-app@${version}`]
    case 'bun':
      return ['bunx', `create-mlx-app@${version}`]
  }
}

/**
 * What an install needs in its environment. Where it finds itself in CI, Yarn makes no lock file unless it is told to: a new
 * project has none.
 */
export function installEnvironment(manager: PackageManager): NodeJS.ProcessEnv {
  return manager === 'yarn' ? { YARN_ENABLE_IMMUTABLE_INSTALLS: 'false' } : {}
}

/** What an install that keeps to the lock reads beside package.json. */
export function lockFiles(manager: PackageManager): string[] {
  switch (manager) {
    case 'npm':
      return ['package-lock.json']
    case 'pnpm':
      return ['pnpm-lock.yaml', 'pnpm-workspace.yaml']
    case 'yarn':
      return ['yarn.lock', '.yarnrc.yml']
    case 'bun':
      return ['bun.lock']
  }
}

/** The words in front of packages that become dependencies, in exactly the version that is named. */
export function addCommand(manager: PackageManager): string[] {
  switch (manager) {
    case 'npm':
      return ['npm', 'install', '--save-exact']
    case 'pnpm':
      return ['pnpm', 'add', '--save-exact']
    case 'yarn':
    case 'bun':
      return [manager, 'add', '--exact']
  }
}

/** The words in front of a program of an installed package: `npx mlx-app`. */
export function runProgram(manager: PackageManager): string[] {
  switch (manager) {
    case 'npm':
      return ['npx']
    case 'pnpm':
      return ['pnpm', 'exec']
    case 'yarn':
      return ['yarn']
    case 'bun':
      return ['bunx']
  }
}

/**
 * The shell command that installs exactly what the lock has, where there is Node and nothing else. The scripts of the
 * project are then run by npm: they are the same, whatever installed the packages. From version 12 on npm runs the script of a
 * package's install only where it is allowed, and Bun's brings its program; an older npm takes no notice of the flag.
 *
 * @param packages `production` leaves out those that are for development alone.
 */
export function frozenInstallCommand(
  manager: PackageManager,
  packages: 'all' | 'production' = 'all',
): string {
  const all = packages === 'all'
  switch (manager) {
    case 'npm':
      return all ? 'npm ci' : 'npm ci --omit=dev'
    case 'pnpm':
      return `npm install --global pnpm@12 && pnpm install --frozen-lockfile${all ? '' : ' --prod'}`
    case 'yarn':
      return `npm install --global @yarnpkg/cli-dist@4 && yarn ${all ? 'install --immutable' : 'workspaces focus --production'}`
    case 'bun':
      return `npm install --global --allow-scripts=bun bun@1 && bun install --frozen-lockfile${all ? '' : ' --production'}`
  }
}
