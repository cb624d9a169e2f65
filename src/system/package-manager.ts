import { type Answers, choose, type PackageManager, packageManagers } from '../choices.ts'

/** The package manager that runs this process, by its user agent (`pnpm/12.0.1 npm/? node/v20...`), if it can be told. */
export function invokingPackageManager(environment: NodeJS.ProcessEnv): PackageManager | undefined {
  const agent = environment.npm_config_user_agent ?? ''
  return choose(packageManagers, agent.slice(0, agent.indexOf('/')))
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

/** The command of a script without the package manager's own lines on stdout, ready for arguments to be added. */
export function quietScriptCommand(manager: PackageManager, script: 'start'): string[] {
  switch (manager) {
    case 'npm':
      return ['npm', '-s', script, '--']
    case 'pnpm':
      return ['pnpm', '-s', script]
    case 'yarn':
      return ['yarn', script]
    case 'bun':
      return ['bun', 'run', '--silent', script]
  }
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

/**
 * The shell command that installs exactly what the lock has, where there is Node and nothing else. The scripts of the
 * project are then run by npm: they are the same, whatever installed the packages.
 */
export function frozenInstallCommand(manager: PackageManager): string {
  switch (manager) {
    case 'npm':
      return 'npm ci'
    case 'pnpm':
      return 'npm install --global pnpm@12 && pnpm install --frozen-lockfile'
    case 'yarn':
      return 'npm install --global @yarnpkg/cli-dist@4 && yarn install --immutable'
    case 'bun':
      return 'npm install --global bun@1 && bun install --frozen-lockfile'
  }
}
