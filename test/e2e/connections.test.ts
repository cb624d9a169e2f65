/**
 * Nothing is sent anywhere: the tool and what it makes run in a network without a way out, whose kernel counts each
 * connection, each lookup of a name and each packet that was tried. What an install asks for is in proxy.test.ts.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { plainPath } from '../support/corporate-network.ts'
import { answerTo } from '../support/hello.ts'
import { createNamespace, type Namespace } from '../support/namespace.ts'
import { program } from '../support/programs/find.ts'
import { needs } from '../support/programs/needs.ts'
import { setupProject, sharedPython } from '../support/setup-project.ts'
import { builtTool, gitIdentity } from '../support/tool.ts'

const folder = mkdtempSync(join(tmpdir(), 'create-mlx-app-connections-'))
const question = 'Say hello.'
const nothing = { loopbackPackets: 0, withoutRoute: 0 }

describe.runIf(process.platform === 'linux')('connections', needs('git', 'ip', 'unshare', 'nsenter'), () => {
  let network: Namespace
  let environment: NodeJS.ProcessEnv

  const run = async (command: string[], cwd: string) => await network.run(command, { cwd, env: environment })

  beforeAll(() => {
    const home = join(folder, 'home')
    mkdirSync(home, { recursive: true })
    const path = plainPath(join(folder, 'bin'))
    symlinkSync(program('git'), join(path, 'git'))
    environment = {
      ...gitIdentity,
      HOME: home,
      PATH: path,
      LANG: 'C.UTF-8',
      MLX_PYTHON: sharedPython,
      // npm looks now and then for a newer npm, whatever it is asked to run.
      npm_config_update_notifier: 'false',
    }
  })

  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  /** Has the Python of this machine take the code of mlx-app. */
  async function setUp(project: string): Promise<void> {
    const { exitCode, all } = await run(['npm', 'run', 'setup'], project)
    expect(exitCode, all).toBe(0)
  }

  /** A network of its own for each test: its counters begin at 0. */
  async function withNetwork(work: () => Promise<void>): Promise<void> {
    await using made = await createNamespace()
    network = made
    await work()
  }

  it('are all detected', async () =>
    await withNetwork(async () => {
      const attempts = [
        'fetch("http://198.51.100.1")',
        'fetch("http://name.test")',
        'fetch("http://[2001:db8::1]")',
      ]
      for (const attempt of attempts) {
        const before = network.traffic().withoutRoute
        await run(['node', '-e', `${attempt}.catch(() => {})`], folder)
        expect(network.traffic().withoutRoute, attempt).toBeGreaterThan(before)
      }
      await run(['node', '-e', 'fetch("http://127.0.0.1:65000").catch(() => {})'], folder)
      expect(network.traffic().loopbackPackets).toBeGreaterThan(0)
    }))

  it('are not opened by the tool', async () =>
    await withNetwork(async () => {
      const tool = await builtTool()
      const created = await run(['node', tool, 'app', '--yes', '--no-install'], folder)
      expect(created.exitCode, created.all).toBe(0)
      expect(existsSync(join(folder, 'app', '.git'))).toBe(true)
      for (const flag of ['--help', '--list', '--version']) {
        expect((await run(['node', tool, flag], folder)).exitCode).toBe(0)
      }
      expect(network.traffic()).toEqual(nothing)
    }))

  it('are not opened by a project that uses an existing Python, and it answers', async () =>
    await withNetwork(async () => {
      const project = await setupProject()
      onTestFinished(() => project.remove())
      await setUp(project.root)
      const asked = await run(['npm', '-s', 'start', '--', question], project.root)
      expect(asked.stdout, asked.stderr).toBe(answerTo(question))
      const doctor = await run(['npm', 'run', 'doctor'], project.root)
      expect(doctor.exitCode, doctor.all).toBe(0)
      const listed = await run(['npm', 'run', 'models', '--', 'list'], project.root)
      expect(listed.exitCode, listed.all).toBe(0)
      expect(network.traffic()).toEqual(nothing)
    }))

  it('are accepted by a server, which opens none itself', async () =>
    await withNetwork(async () => {
      const project = await setupProject('my api', 'server')
      onTestFinished(() => project.remove())
      await setUp(project.root)
      const [program = '', ...rest] = [...network.enter, 'npm', '-s', 'start']
      const running = execa(program, rest, {
        cwd: project.root,
        env: { ...environment, PORT: '0' },
        extendEnv: false,
        reject: false,
        stdin: 'ignore',
        detached: true,
      })
      onTestFinished(() => {
        if (running.pid !== undefined) process.kill(-running.pid, 'SIGKILL')
      })
      const address = new Promise<string>((resolve) => {
        createInterface(running.stdout).on('line', (line) => {
          const [, url] = /^Listening on (http:\/\/\S+)$/.exec(line) ?? []
          if (url !== undefined) resolve(url)
        })
      })
      const url = await Promise.race([address, running.then(({ stderr }) => `It ended: ${stderr}`)])
      expect(url).toMatch(/^http:/)
      const answered = await run(['node', '--input-type=module', '-e', chat, url, question], project.root)
      expect(completionSchema.parse(JSON.parse(answered.stdout)).choices[0].message.content).toBe(
        answerTo(question),
      )
      const traffic = network.traffic()
      expect(traffic.loopbackPackets).toBeGreaterThan(0)
      expect(traffic.withoutRoute).toBe(0)
    }))
})

const completionSchema = z.object({
  choices: z.tuple([z.object({ message: z.object({ content: z.string() }) })]),
})

/** Asks a server a question, once its model is loaded. */
const chat = `
const [url, content] = process.argv.slice(1)
while ((await fetch(url + '/ready')).status !== 200) await new Promise((later) => setTimeout(later, 100))
const response = await fetch(url + '/v1/chat/completions', {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ messages: [{ role: 'user', content }] }),
})
console.log(await response.text())
`
