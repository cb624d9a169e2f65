import { type Answers, choose, type PackageManager, packageManagers } from './choices.ts'

/** Returns the package manager that runs this process, from its user agent (`pnpm/12.0.1 npm/? node/v20...`), if known. */
export function invokingPackageManager(environment: NodeJS.ProcessEnv): PackageManager | undefined {
  const agent = environment.npm_config_user_agent ?? ''
  return choose(packageManagers, agent.slice(0, agent.indexOf('/')))
}

/** Returns a line for users of Yarn 1, which can install and run a project but ignores its settings; undefined for others. */
export function hintAboutYarn(
  manager: PackageManager | undefined,
  environment: NodeJS.ProcessEnv,
): string | undefined {
  if (manager !== 'yarn' || !environment.npm_config_user_agent?.startsWith('yarn/1.')) return undefined
  return 'The project is made for Yarn 4, which its CI and its Docker image use. To get it, run: yarn set version stable'
}

/** Returns the command that runs a script of package.json. Only npm needs `--` before the script's own flags. */
export function scriptCommand(
  manager: PackageManager,
  script: string,
  flags: readonly string[] = [],
): string[] {
  const separator = manager === 'npm' && flags.length > 0 ? ['--'] : []
  return [manager, 'run', script, ...separator, ...flags]
}

/** Returns the command that sets up Python in a project with these answers. */
export function setupCommand({
  packageManager,
  env,
  pythonPath,
}: Pick<Answers, 'packageManager' | 'env' | 'pythonPath'>): string[] {
  return scriptCommand(packageManager ?? 'npm', 'setup', [
    ...(env === undefined ? [] : ['--env', env]),
    ...(pythonPath === undefined ? [] : ['--python', pythonPath]),
  ])
}

/** Returns the words before a script's name that run it without output of the package manager: `npm -s run`. */
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

/** Returns the `start` command without output of the package manager, ready for arguments to be appended. */
export function quietStartCommand(manager: PackageManager): string[] {
  // Only Bun has no quiet short form.
  const words = manager === 'bun' ? quietRun(manager) : quietRun(manager).filter((word) => word !== 'run')
  return [...words, 'start', ...(manager === 'npm' ? ['--'] : [])]
}

/**
 * Returns the words before the folder in a command that creates a project with this version of the tool. Yarn can run a
 * package that is not installed since version 2. If no such Yarn runs this process, npm's command is the one that works.
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
 * Returns the environment variables that an install needs. In CI, Yarn refuses to create a lock file unless it is told
 * to, and a new project has none.
 */
export function installEnvironment(manager: PackageManager): NodeJS.ProcessEnv {
  return manager === 'yarn' ? { YARN_ENABLE_IMMUTABLE_INSTALLS: 'false' } : {}
}

/** Returns the files that a frozen install reads in addition to package.json. */
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

/** Returns the words before packages that become dependencies in exactly the given versions. */
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

/** Returns the words before a program of an installed package: `npx` in `npx mlx-app`. */
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
 * Returns the shell command that installs exactly what the lock file has, on a machine with only Node. npm can then run
 * the project's scripts, whichever package manager installed the packages. Since version 12, npm runs a package's
 * install script only if it is allowed, and Bun's script downloads its program. An older npm ignores the flag.
 *
 * @param packages `production` leaves out development dependencies.
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
