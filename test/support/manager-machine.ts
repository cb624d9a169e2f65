/** A user's machine with one package manager: a home and caches of its own, and a registry on this machine. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { execa, type Options } from 'execa'
import { onTestFinished } from 'vitest'
import type { PackageManager } from '../../src/choices.ts'
import { frozenInstallCommand } from '../../src/package-manager.ts'
import { gitIdentity } from './tool.ts'

export interface Ran {
  exitCode: number | undefined
  stdout: string
  stderr: string
  /** Both, as they came. */
  all: string
}

export interface ManagerMachine {
  readonly environment: NodeJS.ProcessEnv
  /** Runs a command line in a shell. @param input what it reads; nothing by default. */
  shell(line: string, options: ShellOptions): Promise<Ran>
  /**
   * Runs a command line that goes on for good until it has printed something; then ends all that it started, as Ctrl-C does.
   *
   * @param meanwhile is awaited before the end, with what it printed by then.
   * @returns what it had printed.
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
 * A machine on which a package manager has just been installed, by npm.
 *
 * @param manager undefined for the npm that comes with Node.
 * @param folder for all of it.
 * @param node folder with the `node` that everything runs on; by default the one that runs the tests.
 */
export async function machineWith(
  manager: PackageManager | undefined,
  folder: string,
  registry: string,
  node = dirname(process.execPath),
): Promise<ManagerMachine> {
  const home = join(folder, 'home')
  const tools = join(folder, 'tools')
  for (const path of [home, tools, join(folder, 'tmp')]) mkdirSync(path, { recursive: true })
  writeFileSync(join(home, '.npmrc'), `registry=${registry}/\nupdate-notifier=false\n`)
  writeFileSync(
    join(home, '.yarnrc.yml'),
    `npmRegistryServer: "${registry}"\nunsafeHttpWhitelist: ["127.0.0.1"]\nenableTelemetry: false\n`,
  )
  const environment: NodeJS.ProcessEnv = {
    ...passedOn(),
    ...gitIdentity,
    HOME: home,
    // Bun keeps what `bun create` got in the folder for temporary files.
    TMPDIR: join(folder, 'tmp'),
    LANG: 'C.UTF-8',
    PATH: [join(tools, 'bin'), node, ...ownPath()].join(delimiter),
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
        running.then(() => reject(new Error(`It ended without ${printed}: ${seen}`)), reject)
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

/** Signals a group of processes, if any of them is left. */
function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch {
    // All of them have ended.
  }
}

const text = (output: unknown): string => (typeof output === 'string' ? output : '')

/** What lets this machine reach its package indexes for Python. */
function passedOn(): NodeJS.ProcessEnv {
  const names = /^(UV_|PIP_|SSL_CERT|NODE_EXTRA_CA|REQUESTS_CA|CURL_CA|(HTTPS?|NO|ALL)_PROXY$)/i
  const passed = Object.entries(process.env).filter(([name]) => names.test(name))
  return {
    ...Object.fromEntries(passed),
    NO_PROXY: [process.env.NO_PROXY, '127.0.0.1'].filter(Boolean).join(),
  }
}

/** The PATH without what npm put in front of it: the programs of this repository are not those of a project. */
function ownPath(): string[] {
  return (process.env.PATH ?? '').split(delimiter).filter((path) => !path.includes('node_modules'))
}
