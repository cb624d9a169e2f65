import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { scriptCommand, scriptWithArguments } from 'mlx-app/setup'
import { answerTo, until, useFolder } from '../../engine/test/engine/support.ts'
import { runServer, ship } from './program.ts'
import { chat, readAnswer } from './streams.ts'

const folder = ship(join(useFolder().path, 'shipped'))

/** Runs a server that can't start to its end. */
async function failure(environment: NodeJS.ProcessEnv, where = folder) {
  const program = runServer(where, { LOG_LEVEL: 'silent', ...environment })
  const code = await program.ended
  return { code, stderr: program.stderr() }
}

function runKeys(words: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const program = join(folder, 'dist', 'keys.js')
  const env = { ...process.env, ...environment }
  return spawnSync(process.execPath, [program, ...words], { cwd: '/', encoding: 'utf8', env })
}

test('the bundle answers, shows the page and has metrics, from any folder and without node_modules', async () => {
  await mkdir(join(folder, 'dist', 'web'))
  writeFileSync(join(folder, 'dist', 'web', 'index.html'), '<title>Chat</title>')
  const program = runServer(folder)
  const url = await program.url
  await until(async () => (await fetch(`${url}/ready`)).ok)
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(chat('Who are you?')),
  })
  expect((await readAnswer(response)).text).toBe(answerTo('Who are you?'))
  expect(await (await fetch(url)).text()).toBe('<title>Chat</title>')
  expect(await (await fetch(`${url}/metrics`)).text()).toContain('\nmlx_ready 1\n')
  program.child.kill('SIGTERM')
  expect(await program.ended).toBe(0)
})

test('the bundles need nothing but Node', () => {
  for (const file of ['main.js', 'keys.js']) {
    const text = readFileSync(join(folder, 'dist', file), 'utf8')
    const imports = [...text.matchAll(/^import .*from "([^"]+)";$/gm)].map(([, name]) => name)
    expect(imports.length).toBeGreaterThan(0)
    expect(imports.filter((name) => !name?.startsWith('node:'))).toEqual([])
  }
  expect(runKeys(['list']).stderr).toBe('There is no key.\n')
})

test('a port that is taken: 1, and which variable sets another', async () => {
  const first = runServer(folder)
  const { port } = new URL(await first.url)
  const { code, stderr } = await failure({ PORT: port })
  expect([code, stderr]).toEqual([
    1,
    `Port ${port} of 127.0.0.1 is taken by another program.\nSet PORT to another one, or to 0 for any that is free: PORT=0\n`,
  ])
})

test('an address that is none of this machine: 1, and which variable sets another', async () => {
  const environment = { KEYS_FILE: join(folder, 'some-keys.json') }
  expect(runKeys(['create', '--name', 'laptop'], environment).status).toBe(0)
  // One that is for documents: https://www.rfc-editor.org/rfc/rfc5737.
  const { code, stderr } = await failure({ ...environment, HOST: '192.0.2.1' })
  expect([code, stderr]).toEqual([
    1,
    'HOST is 192.0.2.1, which is no address of this machine.\nUse HOST=127.0.0.1, or HOST=0.0.0.0 for all of them.\n',
  ])
})

test('an address that others can reach without a key: 1, and how to make one', async () => {
  const { code, stderr } = await failure({ HOST: '0.0.0.0' })
  expect([code, stderr]).toEqual([
    1,
    expect.stringContaining(scriptWithArguments('keys', 'create --name laptop')),
  ])
})

test('variables that make no sense: 2, and each of them is named', async () => {
  const { code, stderr } = await failure({ PORT: 'many', QUEUE_LIMIT: '-1' })
  expect(code).toBe(2)
  expect(stderr).toMatch(/^PORT: .*\nQUEUE_LIMIT: .*\n$/)
})

test('a model that is not there: 1, without a stack', async () => {
  const { code, stderr } = await failure({ MLX_MODEL: './models/nothing' })
  expect(code).toBe(1)
  expect(stderr).toContain('models/nothing')
  expect(stderr).not.toMatch(/^\s+at /m)
})

test('no Python environment: 1, and the command that makes one', async () => {
  const bare = ship(join(useFolder().path, 'bare'))
  writeFileSync(join(bare, 'mlx.config.json'), JSON.stringify({ model: 'hello' }))
  const { code, stderr } = await failure({ MLX_PYTHON: undefined, MLX_SERVING_PYTHON_PATH: undefined }, bare)
  expect(code).toBe(1)
  expect(stderr).toContain(`Run: ${scriptCommand('setup')}\n`)
  expect(stderr).not.toMatch(/^\s+at /m)
})
