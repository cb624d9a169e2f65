/** The command line of the Python package downloads models to the cache that the npm package uses. */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { findInterpreter, findProject } from '../../src/engine/project/index.ts'
import { pythonDirectory } from '../../src/package-files.ts'
import { answerTo, useFolder } from '../engine/support.ts'
import { type Outcome, runModels } from './models-program.ts'
import { model, type SlowHub, startSlowHub } from './slow-hub.ts'
import { keys, TestTerminal } from './terminal.ts'

const { python } = findInterpreter(findProject(import.meta.dirname))
const question = 'Count to ten.'
const folder = useFolder()
let hub: SlowHub
let home = ''
let count = 0

beforeEach(async () => {
  hub = await startSlowHub()
  home = join(folder.path, `home ${++count}`)
  mkdirSync(home)
})
afterEach(() => hub[Symbol.asyncDispose]())

const environment = () => ({
  ...process.env,
  PYTHONPATH: join(pythonDirectory, 'src'),
  XDG_CONFIG_HOME: home,
  HF_ENDPOINT: hub.address,
  HF_HOME: home,
  HF_HUB_CACHE: undefined,
  HF_HUB_OFFLINE: '',
  MLX_DEVICE: 'cpu',
  MLX_MODEL: model,
  MLX_PULL: undefined,
  NO_COLOR: '1',
  FORCE_COLOR: undefined,
})

/** Runs the command line without a terminal. */
const run = (...words: string[]): Promise<Outcome> =>
  new Promise((resolve) => {
    const options = { cwd: folder.path, env: environment() }
    const child = execFile(python, ['-m', 'mlx_app', ...words], options, (_, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    )
    child.stdin?.end()
  })

const open = (...words: string[]) =>
  new TestTerminal(['-m', 'mlx_app', ...words], {
    program: python,
    cwd: folder.path,
    env: environment(),
  })

test('a download is in the list of both, and a damaged file is found and replaced', async () => {
  const come = await run('models', 'download')
  expect(come.stderr).toMatch(
    /^Downloading: 0 %, 0 bytes of 4\.2 MB\n(Downloading: .*\n)*Downloading: 100 %, /,
  )
  expect(come).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^✓ somebody\/hello-mlx is on this machine: 4\.2 MB in /),
  })
  const [here, there] = await Promise.all([
    run('models', 'list', '--json'),
    runModels(['list', '--json'], environment()),
  ])
  expect(JSON.parse(here.stdout)).toEqual(JSON.parse(there.stdout))
  const [, path = ''] = /in (.*)\n/.exec(come.stdout) ?? []
  truncateSync(join(path, 'vocab.txt'), 1000)
  const [damaged, asNode] = await Promise.all([
    run('models', 'verify', model),
    runModels(['verify', model], environment()),
  ])
  expect(damaged).toMatchObject({ code: 1, stdout: expect.stringContaining('    vocab.txt is damaged\n') })
  const lines = ({ stdout }: Outcome) => stdout.split('\n').slice(0, 2)
  expect(lines(damaged)).toEqual(lines(asNode))
  expect((await run('models', 'pull', model)).code).toBe(0)
  expect(await run('models', 'verify', model)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^✓ somebody\/hello-mlx: \d files verified, /),
  })
})

test('the first run asks for the download with its size', async () => {
  {
    await using terminal = open('generate', question)
    await terminal.see('somebody/hello-mlx is not on this machine yet.\nLicence: mit\n')
    await terminal.see(`Download ${model}? (4.2 MB) [Y/n] `)
    terminal.press(`n${keys.enter}`)
    expect(await terminal.exitCode).toBe(1)
    expect(terminal.text).toContain(`To download it, run: ${python} -m mlx_app models download ${model}`)
    expect(existsSync(join(home, 'hub'))).toBe(false)
  }
  await using terminal = open('generate', question)
  await terminal.see('[Y/n] ')
  terminal.press(keys.enter)
  expect(await terminal.exitCode).toBe(0)
  expect(terminal.text).toContain(answerTo(question))
})

test('with a file as standard input, the first run asks in the terminal', async () => {
  writeFileSync(join(folder.path, 'question.txt'), question)
  const open = () =>
    new TestTerminal(['-c', `'${python}' -m mlx_app generate < question.txt`], {
      program: 'sh',
      cwd: folder.path,
      env: environment(),
    })
  {
    await using terminal = open()
    await terminal.see(`Download ${model}? (4.2 MB) [Y/n] `)
    terminal.press(keys.controlC)
    expect(await terminal.exitCode).toBe(130)
    expect(existsSync(join(home, 'hub'))).toBe(false)
  }
  await using terminal = open()
  await terminal.see('[Y/n] ')
  terminal.press(keys.enter)
  expect(await terminal.exitCode).toBe(0)
  expect(terminal.text).toContain(answerTo(question))
})

test('without a terminal, the first run downloads the model', async () => {
  const answered = await run('generate', question)
  expect(answered).toMatchObject({ code: 0, stdout: `${answerTo(question)}\n` })
  expect(answered.stderr).toMatch(/^Downloading: 0 %/)
})

test('a bar moves, Ctrl-C exits with 130, and the same command resumes the download', async () => {
  {
    await using terminal = open('models', 'pull', model)
    hub.pace = () => terminal.nextOutput()
    await terminal.see(/Downloading .* [4-9]\d% .*of 4\.2 MB/)
    terminal.press(keys.controlC)
    expect(await terminal.exitCode).toBe(130)
    expect(terminal.text).toContain('Interrupted. To resume the download, run the same command again.')
    expect(terminal.text).not.toContain('Traceback')
  }
  hub.pace = undefined
  hub.requests.length = 0
  expect((await run('models', 'pull', model)).code).toBe(0)
  expect(hub.requests.find((line) => line.includes('vocab'))).toMatch(/^GET .* bytes=[1-9]\d{6}-$/)
})
