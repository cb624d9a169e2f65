import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { build, type Plugin } from 'esbuild'
import { findInterpreter, findProject, scriptCommand } from 'mlx-app/setup'
import { expect, test } from 'vitest'
import { pythonDirectory } from '../../engine/src/package-files.ts'
import { answerTo, makeProject, until, useFolder } from '../../engine/test/engine/support.ts'
import { createPageModule } from '../scripts/page-module.ts'
import { keysCommand } from '../src/program-commands.ts'
import { settingRows } from '../src/settings.ts'
import { runServer } from './program.ts'
import { serverProgram } from './server-program.ts'
import { chat, readAnswer } from './streams.ts'

const folder = makeProject(join(useFolder().path, 'project'))

/** Runs a server that can't start to its end. */
async function failure(environment: NodeJS.ProcessEnv, where = folder) {
  const program = runServer(where, { LOG_LEVEL: 'silent', ...environment })
  const code = await program.ended
  return { code, stderr: program.stderr() }
}

/** Runs the command to its end. */
async function run(words: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const program = runServer(folder, environment, [...serverProgram, ...words])
  const status = await program.ended
  return { status, stdout: program.stdout(), stderr: program.stderr() }
}

function ask(url: string, question: string): Promise<Response> {
  const body = JSON.stringify(chat(question))
  return fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  })
}

test('it serves the project in its working directory, and has metrics', async () => {
  const program = runServer(folder)
  const url = await program.url
  await until(async () => (await fetch(`${url}/ready`)).ok)
  const response = await ask(url, 'Who are you?')
  expect((await readAnswer(response)).text).toBe(answerTo('Who are you?'))
  expect(await (await fetch(`${url}/metrics`)).text()).toContain('\nmlx_ready 1\n')
  program.child.kill('SIGTERM')
  expect(await program.ended).toBe(0)
})

test("it tells that it doesn't use the HOST of conda's compilers", async () => {
  const program = runServer(folder, { HOST: 'x86_64-conda-linux-gnu' })
  expect(await program.url).toContain('//127.0.0.1:')
  expect(program.stderr()).toContain("HOST is x86_64-conda-linux-gnu, as conda's compilers set it")
  program.child.kill('SIGTERM')
  expect(await program.ended).toBe(0)
})

/** Bundles the program to one file as an app of its own is bundled, with the page that the published package has. */
async function bundle(file: string): Promise<void> {
  const page = new Map([['index.html', Buffer.from('<title>Chat</title>')]])
  const pageFiles: Plugin = {
    name: 'page files',
    setup({ onLoad }) {
      onLoad({ filter: /page-files\.ts$/ }, () => ({ contents: createPageModule(page) }))
    },
  }
  await build({
    entryPoints: [join(import.meta.dirname, '../src/command-line.ts')],
    outfile: file,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    conditions: ['mlx-app-source'],
    plugins: [pageFiles],
    // Packages that are CommonJS load parts of Node by `require`, which ES modules lack.
    banner: {
      js: `import { createRequire } from 'node:module';const require = createRequire(import.meta.url)`,
    },
    logLevel: 'warning',
  })
}

test('in a bundle, it answers and shows the page, from any folder and without node_modules', async () => {
  const file = join(folder, 'dist', 'server.js')
  await bundle(file)
  const imports = [...readFileSync(file, 'utf8').matchAll(/^import .*from ["']([^"']+)["'];/gm)].map(
    ([, name]) => name,
  )
  expect(imports.length).toBeGreaterThan(10)
  expect(imports.filter((name) => !name?.startsWith('node:'))).toEqual([])
  // The sources of the Python code are not where the bundle is.
  const { python } = findInterpreter(findProject(import.meta.dirname))
  const environment = { MLX_PYTHON: python, PYTHONPATH: join(pythonDirectory, 'src') }
  const program = runServer('/', environment, [file])
  const url = await program.url
  expect(await (await fetch(url)).text()).toBe('<title>Chat</title>')
  expect((await fetch(`${url}/assets/nothing.js`)).status).toBe(404)
  await until(async () => (await fetch(`${url}/ready`)).ok)
  const response = await ask(url, 'Say hello.')
  expect((await readAnswer(response)).text).toBe(answerTo('Say hello.'))
  program.child.kill('SIGTERM')
  expect(await program.ended).toBe(0)
})

test('--help lists every setting with its default', async () => {
  const { status, stdout, stderr } = await run(['--help'])
  expect([status, stderr]).toEqual([0, ''])
  for (const { variable } of settingRows) expect(stdout).toMatch(new RegExp(`^  ${variable} +.`, 'm'))
  expect(stdout).toMatch(/^ {2}PORT +port to listen on; .* \(default: 8000\)$/m)
  expect(stdout).toContain(`${keysCommand('--help')}  `)
})

test.each([[['serve']], [['--help', 'me']]])(
  '%j is wrong usage: exit code 2, and the usage',
  async (words) => {
    const { status, stdout, stderr } = await run(words)
    expect([status, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/^Unknown argument "(serve|me)"\.\n\nUsage:\n\n {2}npx mlx-app-server /)
  },
)

test('settings on the command line override the environment', async () => {
  const words = ['--port', '0', '--allowed-origins', 'https://example.com']
  const program = runServer(folder, { PORT: '1' }, [...serverProgram, ...words])
  const response = await fetch(`${await program.url}/v1/models`, {
    headers: { origin: 'https://example.com' },
  })
  expect(response.headers.get('access-control-allow-origin')).toBe('https://example.com')
  program.child.kill('SIGTERM')
  expect(await program.ended).toBe(0)
})

test.each([
  [['--prot', '8080'], "Unknown option '--prot'"],
  [['--port'], "Option '--port <value>' argument missing"],
  [['--port', '8080', 'hello'], "Unexpected argument 'hello'"],
  // It would be seen by everyone on the machine.
  [['--engine-key', 'secret'], "Unknown option '--engine-key'"],
])('%j: exit code 2, what is wrong, and the usage', async (words, reason) => {
  const { status, stdout, stderr } = await run(words)
  expect([status, stdout]).toEqual([2, ''])
  expect(stderr.startsWith(reason)).toBe(true)
  expect(stderr).toContain('\n\nUsage:\n\n  npx mlx-app-server ')
})

test('a setting on the command line with a wrong value: exit code 2, and the setting is named', async () => {
  expect(await run(['--port', 'many'])).toMatchObject({ status: 2, stderr: expect.stringMatching(/^PORT: /) })
})

test('keys belong to the project', async () => {
  const created = await run(['keys', 'create', '--name', 'desk'], { KEYS_FILE: 'own-keys.json' })
  expect(created.stdout).toMatch(/^mlx-/)
  const listed = await run(['keys', 'list'], { KEYS_FILE: join(folder, 'own-keys.json') })
  expect(listed.stdout).toContain('desk')
  expect((await run(['keys', 'list'])).stderr).toBe('There are no keys.\n')
  expect(await run(['keys', 'list'], { PORT: 'many' })).toMatchObject({
    status: 2,
    stderr: expect.stringMatching(/^PORT: /),
  })
})

test('a port in use: exit code 1, and how to set another one', async () => {
  const first = runServer(folder)
  const { port } = new URL(await first.url)
  const { code, stderr } = await failure({ PORT: port })
  expect([code, stderr]).toEqual([
    1,
    `Port ${port} on 127.0.0.1 is already in use.\nSet PORT to another port, or use any free port: PORT=0\n`,
  ])
})

test('an address of another machine: exit code 1, and how to set another one', async () => {
  const environment = { KEYS_FILE: join(folder, 'some-keys.json') }
  const created = await run(['keys', 'create', '--name', 'laptop'], environment)
  expect(created.status).toBe(0)
  // One that is for documents: https://www.rfc-editor.org/rfc/rfc5737.
  const { code, stderr } = await failure({ ...environment, HOST: '192.0.2.1' })
  expect([code, stderr]).toEqual([
    1,
    'HOST is 192.0.2.1, which is not an address of this machine.\nUse HOST=127.0.0.1 for this machine only, or HOST=0.0.0.0 for all addresses.\n',
  ])
})

test('a public address without a key: exit code 1, and how to create one', async () => {
  const { code, stderr } = await failure({ HOST: '0.0.0.0' })
  expect([code, stderr]).toEqual([1, expect.stringContaining(keysCommand('create --name laptop'))])
})

test('invalid variables: exit code 2, and each is named', async () => {
  const { code, stderr } = await failure({ PORT: 'many', QUEUE_LIMIT: '-1' })
  expect(code).toBe(2)
  expect(stderr).toMatch(/^PORT: .*\nQUEUE_LIMIT: .*\n$/)
})

test('a missing model: exit code 1, without a stack', async () => {
  const { code, stderr } = await failure({ MLX_MODEL: './models/nothing' })
  expect(code).toBe(1)
  expect(stderr).toContain('models/nothing')
  expect(stderr).not.toMatch(/^\s+at /m)
})

test('no Python environment: exit code 1, and the command that creates it', async () => {
  const bare = makeProject(join(useFolder().path, 'bare'))
  rmSync(join(bare, '.mlx'), { recursive: true })
  const { code, stderr } = await failure({ MLX_PYTHON: undefined, MLX_SERVING_PYTHON_PATH: undefined }, bare)
  expect(code).toBe(1)
  expect(stderr).toContain(`Run: ${scriptCommand('setup')}\n`)
  expect(stderr).not.toMatch(/^\s+at /m)
})
