/**
 * Runs the Python tools of this repository in its shared environment: `lint`, `format`, `typecheck`, `test` over
 * templates/python and scripts/hello, and `hello`, which trains the hello model. Further arguments go to the tool.
 */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { ensureEnvironment, host } from './environment.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const helloDirectory = join(root, 'scripts', 'hello')
const config = join(host.pythonDirectory, 'pyproject.toml')
const hello = existsSync(helloDirectory) ? [helloDirectory] : []

/** A program of the environment, its arguments and the folder that it runs in. */
type Step = [program: string, programArguments: string[], directory: string]

const tasks: Record<string, Step[]> = {
  lint: [
    ['ruff', ['check', '--config', config, host.pythonDirectory], root],
    // A script may print; the worker may not.
    ...hello.map((folder): Step => ['ruff', ['check', '--config', config, '--ignore', 'T201', folder], root]),
    ['ruff', ['format', '--check', '--config', config, host.pythonDirectory, ...hello], root],
  ],
  format: [
    [
      'ruff',
      ['check', '--fix', '--exit-zero', '--quiet', '--config', config, host.pythonDirectory, ...hello],
      root,
    ],
    ['ruff', ['format', '--config', config, host.pythonDirectory, ...hello], root],
  ],
  typecheck: [
    ['mypy', existing(['src', 'tests']), host.pythonDirectory],
    ...hello.map((folder): Step => ['mypy', ['--config-file', config, folder], root]),
  ],
  test: [['pytest', [], host.pythonDirectory]],
  hello: [['python', [join(helloDirectory, 'train.py')], root]],
}

const [name = '', ...rest] = process.argv.slice(2)
const steps = tasks[name]
if (steps === undefined) {
  console.error(
    `${name === '' ? 'Nothing to do' : `No task ${name}`}: there are ${Object.keys(tasks).join(', ')}.`,
  )
  process.exitCode = 2
} else {
  const binaries = dirname(await ensureEnvironment())
  for (const [program, programArguments, directory] of steps) {
    const { exitCode } = await execa(join(binaries, program), [...programArguments, ...rest], {
      cwd: directory,
      env: { MYPY_CACHE_DIR: join(root, '.mypy_cache'), PYTHONPATH: host.pythonSource },
      reject: false,
      stdio: 'inherit',
    })
    if (exitCode !== 0) process.exitCode = exitCode ?? 1
  }
}

function existing(folders: string[]): string[] {
  return folders.filter((folder) => existsSync(join(host.pythonDirectory, folder)))
}
