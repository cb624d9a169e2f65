/** A sandbox with one package manager, its own home folder and caches, and a local registry. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { execa, type Options } from 'execa'
import { onTestFinished } from 'vitest'
import type { PackageManager } from '../../src/choices.ts'
import { frozenInstallCommand } from '../../src/package-manager.ts'
import { gitIdentity } from './tool.ts'

export interface ShellResult {
  exitCode: number | undefined
  stdout: string
  stderr: string
  /** stdout and stderr, interleaved. */
  all: string
}

export interface PackageManagerSandbox {
  readonly environment: NodeJS.ProcessEnv
  /** Runs a command line in a shell. */
  shell(line: string, options: ShellOptions): Promise<ShellResult>
  /**
   * Runs a command line until it has printed something, then stops everything it started, as Ctrl-C does.
   *
   * @param meanwhile runs before the command is stopped, with the output so far.
   * @returns the output.
   */
  until(
    printed: RegExp,
    line: string,
    options: ShellOptions,
    meanwhile?: (seen: string) => Promise<void>,
  ): Promise<string>
}

export interface ShellOptions {
  cwd: string
  input?: string
  env?: NodeJS.ProcessEnv
}

/**
 * Creates a sandbox and installs a package manager in it with npm.
 *
 * @param manager the package manager, or undefined for the npm that comes with Node.
 * @param folder the folder of the sandbox.
 * @param node the folder with the `node` to use. The default is the one that runs the tests.
 */
export async function createSandbox(
  manager: PackageManager | undefined,
  folder: string,
  registry: string,
  node = dirname(process.execPath),
): Promise<PackageManagerSandbox> {
  const home = join(folder, 'home')
  const tools = join(folder, 'tools')
  for (const path of [home, tools, join(folder, 'tmp')]) mkdirSync(path, { recursive: true })
  writeFileSync(join(home, '.npmrc'), `registry=${registry}/\nupdate-notifier=false\n`)
  writeFileSync(
    join(home, '.yarnrc.yml'),
    `npmRegistryServer: "${registry}"\nunsafeHttpWhitelist: ["127.0.0.1"]\nenableTelemetry: false\n`,
  )
  const environment: NodeJS.ProcessEnv = {
    ...indexEnvironment(),
    ...gitIdentity,
    HOME: home,
    // `bun create` caches packages in the folder for temporary files.
    TMPDIR: join(folder, 'tmp'),
    LANG: 'C.UTF-8',
    PATH: [join(tools, 'bin'), node, ...pathWithoutModules()].join(delimiter),
    UV_CACHE_DIR: join(homedir(), '.cache', 'uv'),
    PIP_CACHE_DIR: join(homedir(), '.cache', 'pip'),
  }
  const start = (line: string, { cwd, env = {}, input }: ShellOptions, options: Options = {}) =>
    execa('sh', ['-c', line], {
      ...options,
      ...(input === undefined ? { stdin: 'ignore' } : { input }),
      cwd,
      env: { ...environment, ...env },
      extendEnv: false,
      reject: false,
      all: true,
    })

  const install = installCommand(manager)
  const installed = await start(install, { cwd: folder, env: { npm_config_prefix: tools } })
  if (installed.exitCode !== 0) throw new Error(`${install}: ${installed.all}`)
  return {
    environment,
    shell: async (line, options) => {
      const { exitCode, stdout, stderr, all } = await start(line, options)
      return { exitCode, stdout: text(stdout), stderr: text(stderr), all: text(all) }
    },
    until: async (printed, line, options, meanwhile) => {
      const running = start(line, options, { detached: true })
      const end = (signal: NodeJS.Signals): void => {
        if (running.pid !== undefined) signalGroup(running.pid, signal)
      }
      onTestFinished(() => end('SIGKILL'))
      let seen = ''
      await new Promise<void>((resolve, reject) => {
        running.all?.setEncoding('utf8').on('data', (block: string) => {
          seen += block
          if (printed.test(seen)) resolve()
        })
        running.then(
          () => reject(new Error(`The command exited without printing ${printed}: ${seen}`)),
          reject,
        )
      })
      await meanwhile?.(seen)
      end('SIGINT')
      await running
      return seen
    },
  }
}

function installCommand(manager: PackageManager | undefined): string {
  if (manager === undefined) return 'npm --version'
  if (manager === 'npm') return 'npm install --global npm@12'
  const [install = ''] = frozenInstallCommand(manager).split(' && ')
  return install
}

/** Sends a signal to a process group, if it still exists. */
function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch {
    // All processes have exited.
  }
}

const text = (output: unknown): string => (typeof output === 'string' ? output : '')

/** Returns the variables that this machine needs to reach its Python package index. */
function indexEnvironment(): NodeJS.ProcessEnv {
  const names = /^(UV_|PIP_|SSL_CERT|NODE_EXTRA_CA|REQUESTS_CA|CURL_CA|(HTTPS?|NO|ALL)_PROXY$)/i
  const passed = Object.entries(process.env).filter(([name]) => names.test(name))
  return {
    ...Object.fromEntries(passed),
    NO_PROXY: [process.env.NO_PROXY, '127.0.0.1'].filter(Boolean).join(),
  }
}

/** Returns the PATH without node_modules, so that a project does not find the programs of this repository. */
function pathWithoutModules(): string[] {
  return (process.env.PATH ?? '').split(delimiter).filter((path) => !path.includes('node_modules'))
}
