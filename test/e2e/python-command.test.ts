/** The command of a Python package, as its users meet it: downloads, closed pipes and Ctrl-C. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { execa } from 'execa'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { findInterpreter, findProject } from '../../packages/engine/src/engine/project/index.ts'
import { pythonDirectory } from '../../packages/engine/src/package-files.ts'
import { model, type SlowHub, startSlowHub } from '../../packages/engine/test/setup/slow-hub.ts'
import { keys, TestTerminal } from '../../packages/engine/test/setup/terminal.ts'
import { obtainUv } from '../../scripts/environment.ts'
import { writeComposed } from '../support/composed.ts'
import { answerTo } from '../support/hello.ts'
import { pythonCommandEnvironment } from '../support/python-project.ts'

const folder = mkdtempSync(join(tmpdir(), 'python command '))
const project = join(folder, 'my-package')
const packages = join(folder, 'packages')
const command = join(packages, 'bin', 'my-package')
const { python } = findInterpreter(findProject(import.meta.dirname))
const question = 'Say hello.'
/** The commit that the package pins its model to. */
const commit = 'b'.repeat(40)
let hub: SlowHub
let home = ''
let count = 0

beforeAll(async () => {
  await writeComposed(project, { name: 'my-package', template: 'python', model })
  const file = join(project, 'src', 'my_package', 'model.py')
  const unpinned = 'REVISION: str | None = None'
  const code = readFileSync(file, 'utf8')
  expect(code).toContain(unpinned)
  writeFileSync(file, code.replace(unpinned, `REVISION: str | None = "${commit}"`))
  // What it depends on is in the environment of the tests.
  const flags = ['--offline', '--quiet', '--no-deps', '--target', packages, '--python', python]
  await execa(await obtainUv(), ['pip', 'install', ...flags, project], {
    env: await pythonCommandEnvironment(),
  })
  hub = await startSlowHub()
})
afterAll(async () => {
  await hub[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})
beforeEach(() => {
  home = join(folder, `home ${++count}`)
  mkdirSync(home)
  hub.requests.length = 0
})

const environment = () => ({
  ...process.env,
  PYTHONPATH: [packages, join(pythonDirectory, 'src')].join(delimiter),
  HF_ENDPOINT: hub.address,
  HF_HOME: home,
  HF_HUB_CACHE: undefined,
  HF_HUB_OFFLINE: '',
  MLX_DEVICE: 'cpu',
  MLX_MODEL: undefined,
  MLX_PULL: undefined,
  NO_COLOR: '1',
  FORCE_COLOR: undefined,
})

const run = (line: string, env: NodeJS.ProcessEnv = {}) =>
  execa('bash', ['-o', 'pipefail', '-c', line], {
    cwd: folder,
    env: { ...environment(), ...env },
    reject: false,
  })

const open = (line: string) =>
  new TestTerminal(['-c', line], { program: 'bash', cwd: folder, env: environment() })

test.each([
  ['ask', `'${command}' ask "${question}"`],
  ['ask with a pipe', `echo "${question}" | '${command}' ask -`],
  ['serve', `'${command}' serve --port 0`],
])('%s asks with the size before it downloads the pinned commit', async (_, line) => {
  await using terminal = open(line)
  await terminal.see('somebody/hello-mlx is not on this machine yet.\nLicence: mit\n')
  await terminal.see(`Download ${model}? (4.2 MB) [Y/n] `)
  terminal.press(`n${keys.enter}`)
  expect(await terminal.exitCode).toBe(1)
  const download = `-m mlx_app models download ${model} --revision ${commit}`
  expect(terminal.text.replaceAll('\n', '')).toContain(download)
  expect(existsSync(join(home, 'hub'))).toBe(false)
})

test('in a terminal, the download shows a bar, and Ctrl-C ends it without a traceback', async () => {
  await using terminal = open(`'${command}' ask "${question}"`)
  hub.pace = () => terminal.nextOutput()
  onTestFinished(() => {
    hub.pace = undefined
  })
  await terminal.see('[Y/n] ')
  terminal.press(keys.enter)
  await terminal.see(/Downloading .* [4-9]\d% .*of 4\.2 MB/)
  terminal.press(keys.controlC)
  expect(await terminal.exitCode).toBe(130)
  expect(terminal.text).not.toContain('Traceback')
})

test('without a terminal, the download shows its size and progress, and is the pinned commit', async () => {
  const asked = await run(`'${command}' ask "${question}"`)
  expect(asked).toMatchObject({ exitCode: 0, stdout: answerTo(question) })
  expect(asked.stderr).toMatch(
    /^Downloading: 0 %, 0 bytes of 4\.2 MB\n(Downloading: .*\n)*Downloading: 100 %, .*$/,
  )
  expect(hub.requests.some((line) => line.includes(`/resolve/${commit}/`))).toBe(true)
  expect(hub.requests.filter((line) => line.includes('/resolve/main/'))).toEqual([])
})

test('the server serves the pinned commit', async () => {
  const server = execa(command, ['serve', '--port', '0'], { cwd: folder, env: environment(), reject: false })
  onTestFinished(() => void server.kill('SIGKILL'))
  const { value } = await createInterface(server.stdout)[Symbol.asyncIterator]().next()
  const url = /^Listening on (http:\S+)$/.exec(String(value))?.[1]
  if (url === undefined) throw new Error((await server).stderr)
  await expect.poll(async () => (await fetch(`${url}/ready`)).status).toBe(200)
  expect(existsSync(join(home, 'hub', 'models--somebody--hello-mlx', 'snapshots', commit))).toBe(true)
  expect(hub.requests.filter((line) => line.includes('/main/'))).toEqual([])
  server.kill('SIGTERM')
  expect((await server).exitCode).toBe(0)
})

test('a reader that has seen enough is no failure', async () => {
  const asked = await run(`'${command}' ask "Tell me a story." | head -c 1`, { MLX_MODEL: 'hello' })
  expect(asked).toMatchObject({ exitCode: 0, stderr: '' })
  expect(asked.stdout).toHaveLength(1)
})

test.each(['typer', 'pydantic'])('Ctrl-C while it imports %s is quiet', async (module) => {
  writeFileSync(join(home, `${module}.py`), 'import os, signal; os.kill(os.getpid(), signal.SIGINT)\n')
  const path = [home, environment().PYTHONPATH].join(delimiter)
  const asked = await run(`'${command}' summarise text`, { MLX_MODEL: 'hello', PYTHONPATH: path })
  expect(asked).toMatchObject({ exitCode: 130, stdout: '', stderr: '' })
})

test('input in another encoding is wrong usage', async () => {
  const asked = await run(`printf 'k\\xf6ln' | '${command}' ask -`, { MLX_MODEL: 'hello' })
  expect(asked).toMatchObject({ exitCode: 2, stdout: '' })
  expect(asked.stderr).toContain('is not UTF-8 text.')
})
