import { join } from 'node:path'
import { scriptWithArguments } from 'mlx-app/setup'
import { expect, test } from 'vitest'
import { useModelOnHub } from '../../engine/test/engine/model-on-hub.ts'
import { answerTo, makeProject, until, useFolder } from '../../engine/test/engine/support.ts'
import { keys, TestTerminal } from '../../engine/test/setup/terminal.ts'
import { untilNoWorker } from './program.ts'
import { serverProgram } from './server-program.ts'
import { chat, readAnswer } from './streams.ts'

const base = useFolder().path
const folder = makeProject(join(base, 'project'))
const onHub = useModelOnHub(base)
const { model, environment } = onHub

const open = (additions: NodeJS.ProcessEnv = {}) =>
  new TestTerminal(serverProgram, {
    cwd: folder,
    env: {
      ...process.env,
      NO_COLOR: '1',
      PORT: '0',
      ...environment(additions),
    },
  })

/** The server's answer, once it is ready. */
async function answerOf(terminal: TestTerminal, asked: string): Promise<string> {
  const line = await terminal.see(/Listening on http:\S+\n/)
  const url = line.slice('Listening on '.length).trim()
  await until(async () => (await fetch(`${url}/ready`)).ok)
  const body = JSON.stringify({ ...chat('Who are you?'), model: asked })
  const headers = { 'content-type': 'application/json' }
  return (await readAnswer(await fetch(`${url}/v1/chat/completions`, { method: 'POST', headers, body }))).text
}

const downloads = () => onHub.hub.requests.filter((line) => line.includes('/resolve/'))

test('it asks before it listens and downloads the model; the next start does not ask', async () => {
  {
    await using terminal = open()
    await terminal.see('Which one? [1] ')
    expect(terminal.text).not.toContain('Listening')
    expect(terminal.text).toMatch(/somebody\/hello-mlx is not on this machine yet\.\nDownload: \d+ kB/)
    terminal.press(`p${keys.enter}`)
    expect(await answerOf(terminal, model)).toBe(answerTo('Who are you?'))
    expect(downloads()).not.toEqual([])
    terminal.press(keys.controlC)
    expect(await terminal.exitCode).toBe(0)
  }
  await using again = open()
  expect(await answerOf(again, model)).toBe(answerTo('Who are you?'))
  expect(again.text).not.toContain('Which one?')
})

test('it uses the hello model instead', async () => {
  await using terminal = open()
  await terminal.see('Which one? [1] ')
  terminal.press(`2${keys.enter}`)
  expect(await answerOf(terminal, 'hello')).toBe(answerTo('Who are you?'))
  expect(downloads()).toEqual([])
})

test.each([
  [`3${keys.enter}`, 1, `To download it, run: ${scriptWithArguments('models', `pull ${model}`)}`],
  [keys.controlC, 130, 'Interrupted.'],
])('it ends without a server: %j exits with %i', async (pressed, code, said) => {
  await using terminal = open()
  await terminal.see('Which one? [1] ')
  terminal.press(pressed)
  expect(await terminal.exitCode).toBe(code)
  expect(terminal.text).toContain(said)
  expect(terminal.text).not.toContain('Listening')
  expect(downloads()).toEqual([])
})

test('with MLX_PULL=always, it does not ask; Ctrl-C says that the download can be resumed', async () => {
  const stalled = onHub.stall()
  await using terminal = open({ MLX_PULL: 'always' })
  await stalled
  terminal.press(keys.controlC)
  expect(await terminal.exitCode).toBe(130)
  onHub.hub.trouble = () => false
  // It may still write to what is deleted after the test.
  await untilNoWorker(folder)
  expect(terminal.text).toContain('Interrupted. To resume the download, run the same command again.')
  expect(terminal.text).not.toContain('Which one?')
})
