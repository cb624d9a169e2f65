import { join } from 'node:path'
import { scriptCommand, scriptWithArguments } from 'mlx-app/setup'
import { expect, test } from 'vitest'
import { useModelOnHub } from '../../engine/test/engine/model-on-hub.ts'
import { answerTo, makeProject, until, useFolder } from '../../engine/test/engine/support.ts'
import { runServer } from './program.ts'
import { chat, readAnswer } from './streams.ts'

const base = useFolder().path
const folder = makeProject(join(base, 'project'))
const onHub = useModelOnHub(base)
const { model, environment } = onHub

test('without a terminal, it listens at once, is not ready while it downloads, and logs the progress', async () => {
  let go: () => void = () => undefined
  const waiting = new Promise<void>((resolve) => {
    onHub.hub.trouble = (request, response, path) => {
      if (request.method !== 'GET' || !path.endsWith('model.safetensors')) return false
      go = () => response.destroy()
      resolve()
      return true
    }
  })
  const program = runServer(folder, environment())
  const url = await program.url
  await waiting
  expect((await fetch(`${url}/ready`)).status).toBe(503)
  onHub.hub.trouble = () => false
  // The connection breaks, and the download goes on with the next one.
  go()
  await until(async () => (await fetch(`${url}/ready`)).ok)
  const body = JSON.stringify(chat('Say hello.'))
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`${url}/v1/chat/completions`, { method: 'POST', headers, body })
  expect((await readAnswer(response)).text).toBe(answerTo('Say hello.'))
  const lines = program
    .stderr()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter(({ stage }) => stage === 'download')
  expect(lines[0]).toMatchObject({ msg: expect.stringMatching(/^Downloading: \d+ %, .* of \d+ kB/) })
  expect(lines.at(-1)).toMatchObject({ msg: expect.stringMatching(/^Downloading: 100 %/) })
  program.child.kill('SIGTERM')
  expect(await program.ended).toBe(0)
})

test.each([
  [{ MLX_PULL: 'never' }, `To download it, run: ${scriptWithArguments('models', `pull ${model}`)}\n`],
  [{ HF_HUB_OFFLINE: '1' }, `or start with the hello model: MLX_MODEL=hello ${scriptCommand('start')}\n`],
])('with %j, it does not contact the hub, exits with 1, and says what to do', async (additions, help) => {
  onHub.hub.requests.length = 0
  const program = runServer(folder, environment({ LOG_LEVEL: 'silent', ...additions }))
  expect(await program.ended).toBe(1)
  expect(program.stderr()).toContain(`${model} is not on this machine`)
  expect(program.stderr()).toContain(help)
  expect(onHub.hub.requests).toEqual([])
})

test('it never asks about a model in a folder', async () => {
  const program = runServer(folder, environment({ MLX_MODEL: './models/hello', MLX_PULL: 'never' }))
  const url = await program.url
  await until(async () => (await fetch(`${url}/ready`)).ok)
})
