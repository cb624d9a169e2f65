/**
 * Runs the Python tools of this repository in the shared environment. `lint`, `format`, `typecheck` and `test` cover
 * packages/engine/python, scripts/hello, scripts/agents and scripts/smollm. `hello` trains the hello model, and `agents` the model that
 * coding agents are tested with. Further arguments are passed to the tool.
 * `lint` and `format` also cover the programs that test Python clients against the server. `test` runs the tests that need the
 * extra for images and embeddings a second time, in the environment that has it.
 */
import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { pythonDirectory } from '../packages/engine/src/package-files.ts'
import { newRunFile } from '../test/support/times/records.ts'
import { ensureEnvironment, ensureVisionEnvironment } from './environment.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const helloDirectory = join(root, 'scripts', 'hello')
const agentsDirectory = join(root, 'scripts', 'agents')
const smollmDirectory = join(root, 'scripts', 'smollm')
const config = join(pythonDirectory, 'pyproject.toml')
/** The scripts that train models import each other. */
const typed = [[helloDirectory, agentsDirectory], [smollmDirectory]]
  .map((folders) => folders.filter((folder) => existsSync(folder)))
  .filter((folders) => folders.length > 0)
/** The programs that test Python clients, which have their own environment. */
const clientsDirectory = join(root, 'packages/server/test/python')
const scripts = [...typed.flat(), clientsDirectory].filter((folder) => existsSync(folder))
/** The sources, and the modules that tests and scripts share. */
const path = [join(pythonDirectory, 'src'), join(pythonDirectory, 'tests'), helloDirectory].join(delimiter)

/** Runs whole files of tests in several processes. A process that hangs isn't replaced, so that the run ends. */
const inParallel = [
  ...['--numprocesses', String(Math.max(2, availableParallelism() - 1))],
  ...['--dist', 'loadfile', '--max-worker-restart', '0'],
]

/** The type checker of VS Code, which many users have. npm has the version for all machines. */
const pyright = join(root, 'node_modules', '.bin', 'pyright')

/** A program in the environment or with an absolute path, its arguments, and its working directory. */
type Step = [program: string, programArguments: string[], directory: string]

const tasks: Record<string, Step[]> = {
  lint: [
    ['ruff', ['check', '--config', config, pythonDirectory], root],
    // Scripts may print. The worker may not.
    ...scripts.map(
      (folder): Step => ['ruff', ['check', '--config', config, '--ignore', 'T201', folder], root],
    ),
    ['ruff', ['format', '--check', '--config', config, pythonDirectory, ...scripts], root],
  ],
  format: [
    [
      'ruff',
      ['check', '--fix', '--exit-zero', '--quiet', '--config', config, pythonDirectory, ...scripts],
      root,
    ],
    ['ruff', ['format', '--config', config, pythonDirectory, ...scripts], root],
  ],
  typecheck: [
    ['mypy', existing(['src', 'tests']), pythonDirectory],
    ...typed.map((folders): Step => ['mypy', ['--config-file', config, ...folders], root]),
  ],
  test: [['pytest', [...inParallel, ...recordTimes('python')], pythonDirectory]],
  hello: [['python', [join(helloDirectory, 'train.py')], root]],
  agents: [['python', [join(agentsDirectory, 'train_agent.py')], root]],
}

/** The exit code of pytest if no test was selected. */
const noTests = 5

const [name = '', ...rest] = process.argv.slice(2)
const steps = tasks[name]
if (steps === undefined) {
  console.error(
    `${name === '' ? 'No task given' : `Unknown task ${name}`}. Available: ${Object.keys(tasks).join(', ')}`,
  )
  process.exitCode = 2
} else {
  const python = await ensureEnvironment()
  for (const step of steps) recordFailure(await run(python, step))
  if (name === 'typecheck') {
    recordFailure(await run(python, [pyright, ['--pythonpath', python], pythonDirectory]))
  }
  if (name === 'test') {
    const step: Step = ['pytest', ['-m', 'vision', ...recordTimes('python-vision')], pythonDirectory]
    const exitCode = await run(await ensureVisionEnvironment(), step, { MLX_TEST_EXTRAS: '1' })
    // The selected tests may not need the extra.
    if (exitCode !== noTests || rest.length === 0) recordFailure(exitCode)
  }
}

/** Runs a step in the environment of an interpreter. Returns its exit code. */
async function run(
  python: string,
  [program, programArguments, directory]: Step,
  variables: Record<string, string> = {},
): Promise<number> {
  const { exitCode } = await execa(resolve(dirname(python), program), [...programArguments, ...rest], {
    cwd: directory,
    env: { MYPY_CACHE_DIR: join(root, '.mypy_cache'), PYTHONPATH: path, ...variables },
    reject: false,
    stdio: 'inherit',
  })
  return exitCode ?? 1
}

/** Returns the flags with which pytest records the durations of its tests (`tests/record_times.py`). */
function recordTimes(project: string): string[] {
  const file = newRunFile(project, new Date())
  return ['-p', 'record_times', '--record-times', file, '--record-times-project', project]
}

function recordFailure(exitCode: number): void {
  if (exitCode !== 0) process.exitCode = exitCode
}

function existing(folders: string[]): string[] {
  return folders.filter((folder) => existsSync(join(pythonDirectory, folder)))
}
