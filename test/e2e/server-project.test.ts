/** A server as a user makes it: from the packed tool, with everything beside it, installed, every script run, talked to. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { stagesOf } from '../support/dockerfile.ts'
import { oddNames } from '../support/folders.ts'
import { answers } from '../support/hello.ts'
import { installTool } from '../support/install-tool.ts'
import { projectTestsMs } from '../support/time-limits.ts'

const folder = mkdtempSync(join(tmpdir(), oddNames.typescript))
const project = join(folder, 'my api')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const npm = (...command: string[]) =>
  execa('npm', command, { cwd: project, reject: false, all: true, env: { NO_COLOR: '1' } })
const read = (path: string) => readFileSync(join(project, path), 'utf8')

beforeAll(async () => {
  const bin = await installTool(folder)
  const flags = ['--yes', '--server', '--with', 'ci,docker', '--model', 'hello']
  await execa(bin, [project, ...flags], { cwd: folder, stdin: 'ignore' })
})

const completionSchema = z.object({
  choices: z.tuple([z.object({ message: z.object({ content: z.string() }) })]),
})

/** A server that listens; it is killed after the test, if it still runs. */
async function listening(program: string[], cwd: string, env: NodeJS.ProcessEnv) {
  const [name = '', ...flags] = program
  const server = execa(name, flags, { cwd, env, reject: false, stdin: 'ignore', detached: true })
  onTestFinished(() => void server.kill('SIGKILL'))
  const address = new Promise<string>((resolve) => {
    createInterface(server.stdout).on('line', (line) => {
      const [, url] = /^Listening on (http:\/\/\S+)$/.exec(line) ?? []
      if (url !== undefined) resolve(url)
    })
  })
  const url = await Promise.race([address, server.then(() => undefined)])
  if (url !== undefined) return { server, url }
  const { stderr, exitCode } = await server
  throw new Error(`It ended with ${exitCode} before it listened: ${stderr}`)
}

/** Asks the first question that the model knows; expects its answer, word for word. */
async function expectAnswer(url: string, key?: string) {
  await expect.poll(async () => (await fetch(`${url}/ready`)).status).toBe(200)
  const [first] = answers
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    },
    body: JSON.stringify({ messages: [{ role: 'user', content: first?.question }] }),
  })
  const body: unknown = await response.json()
  expect(response.status, JSON.stringify(body)).toBe(200)
  expect(completionSchema.parse(body).choices[0].message.content).toBe(first?.answer)
}

describe('every script passes as generated', () => {
  test.each(['lint', 'typecheck', 'build'])('%s', async (script) => {
    const ran = await npm('run', script)
    expect(ran.exitCode, ran.all).toBe(0)
  })

  test(
    'test runs at least one test',
    async () => {
      const ran = await npm('test')
      expect(ran.exitCode, ran.all).toBe(0)
      expect(Number(/Tests +(\d+) passed/.exec(ran.all)?.[1])).toBeGreaterThan(3)
    },
    projectTestsMs,
  )
})

test('npm start prints its address, serves the page and the API, and ends with npm', async () => {
  const { server, url } = await listening(['npm', '-s', 'start'], project, { PORT: '0' })
  const page = await fetch(url)
  expect(page.headers.get('content-type')).toContain('text/html')
  await expectAnswer(url)
  server.kill('SIGTERM')
  const { stdout } = await server
  expect(stdout.split('\n').at(-1)).toBe(`Listening on ${url}`)
  // npm ends with its shell; what listens ends by itself, and answers to its end.
  await expect.poll(() => fetch(url).then(() => 'answers', String)).toBe('TypeError: fetch failed')
})

test('a signal to npm and all its child processes, as supervisors send it, lets a stream finish', async () => {
  const { server, url } = await listening(['npm', '-s', 'start'], project, { PORT: '0', GRACE_MS: '300000' })
  await expectAnswer(url)
  const body = {
    ...{ stream: true, max_tokens: 2000, logit_bias: { 0: -100, 1: -100, 2: -100 } },
    messages: [{ role: 'user', content: 'Tell me a story.' }],
  }
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  })
  process.kill(-(server.pid ?? Number.NaN), 'SIGTERM')
  expect(await answer.text()).toMatch(/"finish_reason":"length".*\n\ndata: \[DONE\]\n\n$/s)
  await server
})

describe('the app in the image', () => {
  const image = join(folder, 'image')
  const data = join(folder, 'data')
  const stages = () => stagesOf(read('Dockerfile'))
  const last = () => stages().at(-1)

  /** As the image sets it, but for the volume and the port. */
  const environment = () => ({
    ...last()?.environment,
    KEYS_FILE: join(data, 'keys.json'),
    HF_HOME: join(data, 'huggingface'),
    PORT: '0',
  })

  beforeAll(async () => {
    await npm('run', 'build')
    mkdirSync(data)
    // The last stage takes all that the one for Python holds, which began with all that the one for packages held.
    const held = stages().filter(({ name }) => ['packages', 'python', ''].includes(name))
    const fromProject = held.flatMap(({ copied }) => copied.flatMap(({ from }) => from))
    expect(fromProject).toContain('mlx.config.json')
    for (const path of new Set([...fromProject, 'dist'])) {
      mkdirSync(dirname(join(image, path)), { recursive: true })
      cpSync(join(project, path), join(image, path), { recursive: true })
    }
    for (const path of ['node_modules', '.mlx']) symlinkSync(join(project, path), join(image, path))
  })

  test('does not start on a public address without a key', async () => {
    const ended = await execa('node', ['dist/main.js'], { cwd: image, env: environment(), reject: false })
    expect(ended.exitCode).not.toBe(0)
    expect(ended.stderr).toContain('key')
  })

  test('creates a key, serves only with it, is healthy, and exits with 0 on SIGTERM', async () => {
    const env = environment()
    const { stdout: key } = await execa(
      'node',
      ['node_modules/.bin/mlx-app-server', 'keys', 'create', '--name', 'laptop'],
      {
        cwd: image,
        env,
      },
    )
    const command = z
      .tuple([z.string()])
      .rest(z.string())
      .parse(JSON.parse(instruction('CMD')))
    const { server, url } = await listening(command, image, env)
    const { port } = new URL(url)
    const local = `http://127.0.0.1:${port}`
    const refused = await fetch(`${local}/v1/models`)
    expect(refused.status).toBe(401)
    await expectAnswer(local, key.split('\n').at(-1))

    const [program, ...flags] = z
      .array(z.string())
      .parse(JSON.parse(/CMD (\[.*\])$/.exec(instruction('HEALTHCHECK'))?.[1] ?? '[]'))
    const check = (at: string) => execa(program ?? '', flags, { env: { PORT: at }, reject: false })
    expect(await check(port)).toMatchObject({ exitCode: 0 })
    server.kill('SIGTERM')
    expect(await server).toMatchObject({ exitCode: 0 })
    expect(await check(port)).toMatchObject({ exitCode: 1 })
  })

  const instruction = (name: string) =>
    last()?.instructions.findLast((instruction) => instruction.name === name)?.rest ?? ''
})
