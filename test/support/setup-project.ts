/** Temporary projects and machines for the tests of the Python setup. */
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { interpreterIn } from '../../packages/engine/src/engine/project/index.ts'
import { repository } from '../../scripts/environment.ts'
import { openTemplates } from '../../src/compose/open.ts'
import { planProject } from '../../src/steps/plan.ts'
import { unpackPackage } from './unpack-package.ts'

const repositoryUrl = new URL('../../', import.meta.url)
/** The path of tsx, which runs TypeScript. */
export const tsx = fileURLToPath(new URL('node_modules/tsx/dist/cli.mjs', repositoryUrl))
/** The interpreter of the complete environment that all tests share. */
export const sharedPython = interpreterIn(repository.virtualEnvironment)

export interface TestProject {
  root: string
  /** The folder in mlx-app with the lock files and the wheel. */
  python: string
  virtualEnvironment: string
  record: string
  remove(): void
}

/** Creates a project as create-mlx-app does, with the packages of this repository in its node_modules. */
export async function setupProject(
  folder = 'my app ü',
  template: 'node' | 'server' = 'node',
): Promise<TestProject> {
  const parent = mkdtempSync(join(tmpdir(), 'create-mlx-app-setup-'))
  const root = join(parent, folder)
  const answers = {
    name: 'setup-test',
    template,
    model: 'hello',
    packageManager: 'npm',
    author: 'nobody',
  } as const
  const files = await planProject(answers, await openTemplates(repositoryUrl), '0.0.0')
  for (const [path, bytes] of files) {
    mkdirSync(join(root, path, '..'), { recursive: true })
    writeFileSync(join(root, path), bytes)
  }
  const modules = join(root, 'node_modules')
  await installPackages(modules)
  return {
    root,
    python: join(modules, 'mlx-app', 'python'),
    virtualEnvironment: join(root, '.mlx', 'venv'),
    record: join(root, '.mlx', 'environment.json'),
    remove: () => rmSync(parent, { recursive: true, force: true }),
  }
}

/** Links the published packages of this repository into a `node_modules`, with everything else that is installed here. */
export async function installPackages(modules: string): Promise<void> {
  mkdirSync(join(modules, '.bin'), { recursive: true })
  const here = fileURLToPath(new URL('node_modules', repositoryUrl))
  const packages = ['mlx-app', 'mlx-app-server'] as const
  for (const name of packages) {
    cpSync(await unpackPackage(name), join(modules, name), { recursive: true })
    symlinkSync(`../${name}/dist/command-line.js`, join(modules, '.bin', name))
    chmodSync(join(modules, name, 'dist', 'command-line.js'), 0o755)
  }
  for (const [place, path] of [
    [here, modules],
    [join(here, '.bin'), join(modules, '.bin')],
  ] as const) {
    for (const name of readdirSync(place)) {
      if (!name.startsWith('.') && !existsSync(join(path, name)))
        symlinkSync(join(place, name), join(path, name))
    }
  }
}

/** A machine whose PATH only has the programs that a test adds. */
export interface Machine {
  environment: NodeJS.ProcessEnv
  /** Adds a program that runs a shell script. */
  script(name: string, text: string): string
  /** Adds a link to another program. */
  program(name: string, path: string): string
  remove(): void
}

/** Creates a machine without programs. It can reach the package index, and uses uv's cache. */
export function bareMachine(): Machine {
  const home = mkdtempSync(join(tmpdir(), 'create-mlx-app-home-'))
  const binaries = join(home, 'bin')
  mkdirSync(binaries)
  const passedOn = Object.entries(process.env).filter(([name]) =>
    /^(UV_|PIP_|SSL_CERT|REQUESTS_CA|CURL_CA|(HTTPS?|NO|ALL)_PROXY$|LANG$|LC_)/i.test(name),
  )
  const script = (name: string, text: string): string => {
    const path = join(binaries, name)
    mkdirSync(join(path, '..'), { recursive: true })
    writeFileSync(path, `#!/bin/sh\n${text}\n`)
    chmodSync(path, 0o755)
    return path
  }
  return {
    environment: {
      UV_CACHE_DIR: join(homedir(), '.cache', 'uv'),
      PIP_CACHE_DIR: join(homedir(), '.cache', 'pip'),
      ...Object.fromEntries(passedOn),
      HOME: home,
      PATH: binaries,
    },
    script,
    program: (name, path) => script(name, `exec '${path}' "$@"`),
    remove: () => rmSync(home, { recursive: true, force: true }),
  }
}

/** Returns the Python that the shared environment was created from, which is supported and has no MLX. */
export async function basePython(): Promise<string> {
  const { stdout } = await execa(sharedPython, ['-c', 'import sys; print(sys._base_executable)'])
  return stdout
}

/** Returns a script that runs Python but reports another version. Its pip works. */
export function pretending(python: string, version: string): string {
  const tuple = `(${version.replaceAll('.', ', ')}, "final", 0)`
  const prelude = `import sys; sys.version_info = ${tuple}; code = sys.argv.pop(1); exec(code)`
  return `if [ "$1" = -c ]; then shift; exec '${python}' -c '${prelude}' "$@"; fi\nexec '${python}' "$@"`
}

/** Returns the interpreters on this machine that are too old. */
export function oldPythons(): string[] {
  const versions = ['3.6.15', '3.7.16', '3.8.18', '3.9.18', '3.10.13']
  const places = [
    ...versions.map((version) => join(homedir(), '.pyenv', 'versions', version, 'bin', 'python')),
    ...['3.8', '3.9', '3.10'].map((version) => `/usr/bin/python${version}`),
  ]
  return places.filter((path) => existsSync(path))
}

export interface Outcome {
  exitCode: number | undefined
  stdout: string
  stderr: string
  seconds: number
}

/** Starts a command of `mlx-app` in the project, as npm would. */
export function startScript(project: TestProject, name: string, scriptArguments: string[], machine: Machine) {
  const program = join(project.root, 'node_modules', 'mlx-app', 'dist', 'command-line.js')
  return execa(process.execPath, [program, name, ...scriptArguments], {
    cwd: project.root,
    env: machine.environment,
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
  })
}

export async function runScript(
  project: TestProject,
  name: string,
  scriptArguments: string[],
  machine: Machine,
): Promise<Outcome> {
  const started = performance.now()
  const { exitCode, stdout, stderr } = await startScript(project, name, scriptArguments, machine)
  return { exitCode, stdout, stderr, seconds: (performance.now() - started) / 1000 }
}
