import { describe, expect, test } from 'vitest'
import { scriptCommand, scriptWithArguments } from '../../packages/engine/src/setup/index.ts'
import { useModelOnHub } from '../../packages/engine/test/engine/model-on-hub.ts'
import { chat, directory, run, useFolder } from '../support/chat/program.ts'
import { keys, Screen } from '../support/chat/screen.ts'
import { answerTo } from '../support/hello.ts'

const onHub = useModelOnHub(useFolder())
const { model } = onHub
const environment = (additions: NodeJS.ProcessEnv = {}) => onHub.environment({ CI: undefined, ...additions })
const open = (commandLine: string[] = [], additions: NodeJS.ProcessEnv = {}) =>
  new Screen(commandLine, { extra: environment(additions) })

describe('in a terminal, the first start', () => {
  test('shows the size of the model and whether it fits, and downloads it on request', async () => {
    await using screen = open()
    const shown = await screen.see('Which one? [1] ')
    expect(shown).toMatch(/somebody\/hello-mlx is not on this machine yet\.\n/)
    expect(shown).toMatch(/Download: \d+ kB\nLicence: mit\n/)
    expect(shown).toMatch(
      /Memory: it fits\. It needs \d+ kB for its weights; the limit for models is [\d.]+ [GM]B\.\n/,
    )
    expect(shown).toMatch(/Disk: it fits\. [\d.]+ [GT]B free\.\n\n/)
    expect(shown).toMatch(/ {2}1 \(p\) {2}Pull it now \(\d+ kB\)\n/)
    expect(shown).toMatch(
      / {2}2 \(h\) {2}Start with the hello model this time [^\n]*\n {2}3 \(c\) {2}Cancel\n/,
    )
    screen.type('4', keys.enter)
    await screen.see('Type a number from 1 to 3, or one of p, h, c.\n')
    screen.type(keys.enter)
    await screen.see(`${model}. Type /help for commands`)
    await screen.see('\n> ')
    expect(await screen.send('Who are you?')).toBe(answerTo('Who are you?'))
    screen.type(keys.controlD)
    expect(await screen.exitCode()).toBe(0)
    // The next start finds it and does not ask.
    expect(await run([...chat, 'Say hello.'], { extra: environment() })).toEqual({
      stdout: `${answerTo('Say hello.')}\n`,
      stderr: '',
      code: 0,
    })
  })

  test('can use the hello model instead', async () => {
    await using screen = open()
    await screen.see('Which one? [1] ')
    screen.type('h', keys.enter)
    await screen.see('hello. Type /help for commands')
    await screen.see('\n> ')
    expect(await screen.send('Say hello.')).toBe(answerTo('Say hello.'))
    expect(onHub.hub.requests.filter((line) => line.includes('/resolve/'))).toEqual([])
    screen.type(keys.controlD)
    expect(await screen.exitCode()).toBe(0)
  })

  test.each([
    ['3', keys.enter, 1, `${model} is not on this machine.\nTo download it, run: `],
    ['', keys.controlC, 130, '\nInterrupted.\n'],
    ['1', keys.controlC, 130, '\nInterrupted.\n'],
    ['', keys.controlD, 130, '\nInterrupted.\n'],
  ])('ends on %j, then %j, with exit code %i', async (text, end, code, said) => {
    await using screen = open(['a question'])
    await screen.see('Which one? [1] ')
    screen.type(text, end)
    await screen.see(said)
    expect(await screen.exitCode()).toBe(code)
    expect(onHub.hub.requests.filter((line) => line.includes('/resolve/'))).toEqual([])
  })
})

test('Ctrl-C during the download says that it can be resumed', async () => {
  const stalled = onHub.stall()
  await using screen = open([], { MLX_PULL: 'always' })
  await stalled
  onHub.hub.trouble = () => false
  screen.type(keys.controlC)
  await screen.see('Interrupted. To resume the download, run the same command again.\n')
  expect(await screen.exitCode()).toBe(130)
  expect(screen.raw).not.toContain('Which one?')
})

describe('without a terminal, the first start', () => {
  test('downloads the model and shows progress on standard error', async () => {
    const { stdout, stderr, code } = await run([...chat, 'Say hello.'], { extra: environment() })
    expect(stdout).toBe(`${answerTo('Say hello.')}\n`)
    expect(stderr).toMatch(/^Downloading: 0 %, 0 bytes of \d+ kB\nDownloading: 100 %, (\d+ kB) of \1\n$/)
    expect(code).toBe(0)
  })

  const pull = scriptWithArguments('models', `pull ${model}`, process.env, directory)
  test.each([
    [
      { MLX_PULL: 'never' },
      `${model} is not on this machine, and MLX_PULL=never prevents its download.\nTo download it, run: ${pull}\n`,
    ],
    [
      { HF_HUB_OFFLINE: '1' },
      `${model} is not on this machine, and HF_HUB_OFFLINE prevents its download.\nUnset HF_HUB_OFFLINE, or start with the hello model: MLX_MODEL=hello ${scriptCommand('start', process.env, directory)}\n`,
    ],
    [{ MLX_PULL: 'perhaps' }, 'MLX_PULL must be one of ask, always, never, but it is perhaps.\n'],
  ])('does not contact the hub with %j', async (additions, stderr) => {
    const outcome = await run([...chat, 'Say hello.'], { extra: environment(additions) })
    expect(outcome).toEqual({ stdout: '', stderr, code: 1 })
    expect(onHub.hub.requests).toEqual([])
  })
})
