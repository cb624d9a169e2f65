import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { useFolder } from '../engine/support.ts'
import { models, root, runModels } from './models-program.ts'
import { model, type SlowHub, startSlowHub } from './slow-hub.ts'
import { keys, TestTerminal } from './terminal.ts'

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

const environment = (additions: NodeJS.ProcessEnv = {}) => ({
  ...process.env,
  HF_ENDPOINT: hub.address,
  HF_HOME: home,
  HF_HUB_CACHE: undefined,
  HF_HUB_OFFLINE: '',
  NO_COLOR: '1',
  FORCE_COLOR: undefined,
  ...additions,
})
/** Opens a terminal. The hub sends as fast as the terminal shows it, so that each piece is seen. */
const open = (words: string[], additions: NodeJS.ProcessEnv = {}, columns = 80) => {
  const terminal = new TestTerminal([...models, ...words], {
    cwd: root,
    env: environment(additions),
    columns,
  })
  hub.pace = () => terminal.nextOutput()
  return terminal
}

test('a bar moves with the bytes, shows rate and time, and leaves one line', async () => {
  await using terminal = open(['pull', model])
  expect(await terminal.exitCode).toBe(0)
  const bars = terminal.lines.filter((line) => line.startsWith('Downloading'))
  const percents = bars.map((line) => Number(/ (\d+) %/.exec(line)?.[1]))
  expect(percents).toEqual(percents.toSorted((one, other) => one - other))
  expect(new Set(percents).size).toBeGreaterThanOrEqual(15)
  expect(percents.at(-1)).toBe(100)
  for (const line of bars) expect(line.length).toBeLessThanOrEqual(79)
  const whole = bars.filter((line) => line.includes(' left'))
  expect(whole.length).toBeGreaterThan(8)
  for (const line of whole) {
    expect(line).toMatch(/^Downloading +\d+ % {2}█*░+ +\d.* of 4\.2 MB +\d.*B\/s +\d+:\d\d left$/)
  }
  const filled = whole.map((line) => line.split('█').length - 1)
  expect(filled).toEqual(filled.toSorted((one, other) => one - other))
  expect(new Set(filled).size).toBeGreaterThan(5)
  // Every bar was wiped; what stays is the outcome.
  expect(terminal.raw).toContain('\r\u001b[K✓ somebody/hello-mlx is on this machine: 4.2 MB in ')
  expect(terminal.raw).not.toContain('\u001b[32m')
})

test('a bar follows the width of the terminal, and has colour unless disabled', async () => {
  await using terminal = open(['pull', model], { NO_COLOR: undefined }, 40)
  await terminal.see(/ 2\d %/)
  for (const line of terminal.lines.filter((text) => text.startsWith('Downloading'))) {
    expect(line.length).toBeLessThanOrEqual(39)
  }
  expect(terminal.raw).toContain('\u001b[32m█')
  terminal.resize(18)
  await terminal.see(/^ +[34]\d % {2}█+░+$/m)
  terminal.resize(100)
  await terminal.see(/^Downloading +[4-8]\d % {2}█+░+ +[123]\.\d MB of 4\.2 MB/m)
  terminal.press(keys.controlC)
  expect(await terminal.exitCode).toBe(130)
})

test('Ctrl-C exits with 130, and the same command resumes the download', async () => {
  {
    await using terminal = open(['pull', model])
    await terminal.see(/ 4\d %/)
    terminal.press(keys.controlC)
    expect(await terminal.exitCode).toBe(130)
    expect(terminal.lines.filter((line) => line !== '').at(-1)).toBe(
      'Interrupted. To resume the download, run the same command again.',
    )
    expect(terminal.text).not.toMatch(/^\s+at /m)
  }
  hub.pace = undefined
  hub.requests.length = 0
  const again = await runModels(['pull', model], environment())
  expect(again.code).toBe(0)
  expect(again.stderr).toMatch(/^Downloading: [345]\d %, [12]\.\d MB of 4\.2 MB\n/)
  expect(hub.requests.find((line) => line.includes('vocab'))).toMatch(/^GET .* bytes=[12]\d{6}-$/)
})

test('it asks before it deletes a model, and only accepts yes', async () => {
  expect((await runModels(['pull', model], environment())).code).toBe(0)
  const cached = join(home, 'hub', 'models--somebody--hello-mlx')
  const answers = [
    ['n', keys.enter, 1],
    ['', keys.enter, 1],
    ['', keys.controlD, 130],
    ['', keys.controlC, 130],
  ] as const
  for (const [text, end, code] of answers) {
    await using terminal = open(['remove', model])
    await terminal.see(/Delete somebody\/hello-mlx \(4\.2 MB in .*\)\? \[y\/N\] /)
    terminal.press(`${text}${end}`)
    expect(await terminal.exitCode).toBe(code)
    expect(existsSync(cached)).toBe(true)
    if (code === 1) expect(terminal.text).toContain('\nNothing was deleted.\n')
  }
  await using terminal = open(['remove', model])
  await terminal.see('[y/N] ')
  terminal.press(`maybe${keys.enter}`)
  await terminal.see('Type y or n.')
  terminal.press(`y${keys.enter}`)
  expect(await terminal.exitCode).toBe(0)
  expect(terminal.text).toContain('✓ Deleted somebody/hello-mlx, freed 4.2 MB\n')
  expect(existsSync(cached)).toBe(false)
})
