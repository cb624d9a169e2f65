/** `mlx-app-server agent` with programs in place of the agents, which show what they were started with. agents/ has real ones. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import * as z from 'zod'
import { makeProject, until, useFolder, writeScript } from '../../engine/test/engine/support.ts'
import { agents } from '../src/agent/agents.ts'
import { runKeys } from '../src/keys/command.ts'
import { runServer } from './program.ts'
import { serverProgram } from './server-program.ts'

const folder = useFolder()
const project = makeProject(join(folder.path, 'project'))
const programs = join(folder.path, 'programs')
mkdirSync(programs)

/** A PATH without agents, whose shell and Node are all that the programs need. */
const path = [programs, dirname(process.execPath), '/usr/bin', '/bin'].join(':')

/** Prints the arguments and the environment as JSON, and the answers of the server with the agent's key and with another one. */
const report = `
const { ANTHROPIC_BASE_URL: url, ANTHROPIC_AUTH_TOKEN: key } = process.env
const status = async (key) => (await fetch(url + '/v1/models', { headers: { 'x-api-key': key } })).status
const statuses = url ? [await status(key), await status('wrong')] : []
console.log(JSON.stringify({ words: process.argv.slice(1), environment: process.env, statuses }))
process.exit(7)`

for (const { program } of Object.values(agents))
  writeScript(
    join(programs, program),
    `exec "${process.execPath}" --input-type=module -e '${report.replaceAll("'", `'\\''`)}' -- "$@"`,
  )

const reportSchema = z.object({
  words: z.array(z.string()),
  environment: z.record(z.string(), z.string()),
  statuses: z.array(z.number()),
})

function start(words: readonly string[], environment: NodeJS.ProcessEnv = {}): ChildProcess {
  return spawn(process.execPath, [...serverProgram, 'agent', ...words], {
    cwd: project,
    env: { ...process.env, PATH: path, MLX_DEVICE: 'cpu', PORT: '0', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

async function run(words: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const child = start(words, environment)
  if (child.stdout === null || child.stderr === null) throw new Error('There are no pipes.')
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  if (child.exitCode === null) await once(child, 'exit')
  return { code: child.exitCode, stdout, stderr }
}

async function reportOf(words: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const { code, stdout, stderr } = await run(words, environment)
  expect(code, stderr).toBe(7)
  return { ...reportSchema.parse(JSON.parse(stdout)), stderr }
}

test('Claude Code gets a server of its own with the model, the context and a key, and its exit code is passed on', async () => {
  const { words, environment, statuses, stderr } = await reportOf(['claude', '--', '-p', 'a b'], {
    ANTHROPIC_API_KEY: 'the key of the user',
  })
  expect(words).toEqual(['-p', 'a b'])
  expect(environment).toMatchObject({
    ANTHROPIC_MODEL: 'hello',
    ANTHROPIC_DEFAULT_HAIKU_MODEL: 'hello',
    CLAUDE_CODE_MAX_CONTEXT_TOKENS: '32768',
    CLAUDE_CONFIG_DIR: join(project, '.mlx/agents/claude'),
  })
  expect(environment).not.toHaveProperty('ANTHROPIC_API_KEY')
  expect(statuses).toEqual([200, 401])
  const url = environment.ANTHROPIC_BASE_URL
  expect(stderr).toBe(`Claude Code uses hello at ${url}, 32,768 tokens of context.\n`)
  await expect(fetch(`${url}/health`)).rejects.toThrow('fetch failed')
  expect(readFileSync(join(project, '.mlx/agents/.gitignore'), 'utf8')).toBe('*\n')
})

test('a running server is used, with the key that it requires, and goes on', {
  timeout: 400_000,
}, async () => {
  const other = makeProject(join(folder.path, 'with keys'))
  const said: string[] = []
  const output = { say: (line: string) => said.push(line), note: () => undefined }
  await runKeys(['create', '--name', 'agent'], join(other, '.mlx/keys.json'), output)
  const server = runServer(other, { MLX_DEVICE: 'cpu' })
  const url = await server.url
  await until(async () => (await fetch(`${url}/ready`)).ok)
  const { port } = new URL(url)

  const refused = await run(['codex'], { PORT: port })
  expect(refused).toMatchObject({ code: 1, stdout: '' })
  expect(refused.stderr).toContain(`The server at ${url} requires an API key.\nSet MLX_API_KEY to a key`)

  const key = said[0] ?? ''
  const shown = await Promise.all(
    ['codex', 'opencode', 'qwen', 'aider'].map((name) =>
      reportOf([name, 'one'], { PORT: port, MLX_API_KEY: key }),
    ),
  )
  const [codex, opencode, qwen, aider] = shown
  expect(codex?.words).toEqual(expect.arrayContaining(['model="hello"', 'model_context_window=32768', 'one']))
  expect(codex?.words).toContain(`model_providers.mlx.base_url="${url}/v1"`)
  expect(codex?.environment).toMatchObject({
    MLX_API_KEY: key,
    CODEX_HOME: join(project, '.mlx/agents/codex'),
  })
  expect(JSON.parse(opencode?.environment.OPENCODE_CONFIG_CONTENT ?? '')).toMatchObject({
    model: 'mlx/hello',
    provider: {
      mlx: {
        options: { baseURL: `${url}/v1`, apiKey: key },
        models: { hello: { limit: { context: 32768, output: 8192 } } },
      },
    },
  })
  expect(qwen?.words).toEqual(['--auth-type', 'openai', '--model', 'hello', 'one'])
  expect(qwen?.environment).toMatchObject({ OPENAI_BASE_URL: `${url}/v1`, OPENAI_API_KEY: key })
  expect(aider?.words).toEqual(expect.arrayContaining(['--config', '--model', 'openai/hello', 'one']))
  const metadata = aider?.words[(aider.words.indexOf('--model-metadata-file') ?? 0) + 1] ?? ''
  expect(JSON.parse(readFileSync(metadata, 'utf8'))).toMatchObject({
    'openai/hello': { max_input_tokens: 32768 },
  })
  expect((await fetch(`${url}/ready`)).ok).toBe(true)
})

test('a signal reaches the agent, and the server ends with it', async () => {
  const signalled = join(folder.path, 'signalled')
  mkdirSync(signalled)
  const opened = join(signalled, 'opened')
  writeScript(
    join(signalled, 'claude'),
    `tail -f /dev/null & trap 'kill $!; echo "$ANTHROPIC_BASE_URL"; exit 9' TERM; : > '${opened}'; wait`,
  )
  const child = start(['claude'], { PATH: `${signalled}:${path}` })
  await until(async () => existsSync(opened))
  child.kill('SIGTERM')
  if (child.stdout === null) throw new Error('There is no pipe.')
  let url = ''
  child.stdout.on('data', (data) => {
    url += data
  })
  const [code] = await once(child, 'exit')
  expect(code).toBe(9)
  expect(url).toMatch(/^http:/)
  await expect(fetch(url.trim())).rejects.toThrow('fetch failed')
})

test('mistakes are explained', async () => {
  const unknown = await run(['cursor'])
  expect(unknown.code).toBe(2)
  expect(unknown.stderr).toMatch(/^Unknown agent "cursor"\.\n/)
  for (const [name, { install }] of Object.entries(agents)) {
    expect(unknown.stderr).toContain(` ${name} `)
    expect(unknown.stderr).toContain(install)
  }
  const missing = await run(['codex'], { PATH: join(folder.path, 'nothing') })
  expect(missing).toEqual({
    code: 1,
    stdout: '',
    stderr:
      'Codex is not installed: there is no program "codex" on the PATH.\nInstall it: npm install -g @openai/codex\n',
  })
  expect((await run(['--help'])).code).toBe(0)
})
