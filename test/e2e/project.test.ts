/** A project as a user makes it: from the packed tool, in a folder with an odd name, everything installed, every script run. */
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { oddNames } from '../support/folders.ts'
import { answers } from '../support/hello.ts'
import { installTool } from '../support/install-tool.ts'
import { findProgram, program } from '../support/programs/find.ts'
import { needs } from '../support/programs/needs.ts'
import { projectTestsMs } from '../support/time-limits.ts'

const folder = mkdtempSync(join(tmpdir(), oddNames.typescript))
const project = join(folder, 'my app')

const npm = (...command: string[]) => execa('npm', command, { cwd: project, reject: false, all: true })

/** A command in a network namespace with nothing but loopback, where the system lets this user make one. */
async function withoutNetwork(command: string): Promise<[string, string[]]> {
  const [unshare, ip] = [findProgram('unshare'), findProgram('ip')]
  if (unshare === undefined || ip === undefined) return ['sh', ['-c', command]]
  const loopback = `${ip} link set lo up`
  const { exitCode } = await execa(unshare, ['--net', 'sh', '-c', loopback], { reject: false })
  return exitCode === 0
    ? [unshare, ['--net', 'sh', '-c', `${loopback} && ${command}`]]
    : ['sh', ['-c', command]]
}

beforeAll(async () => {
  const bin = await installTool(folder)
  await execa(bin, [project, '--yes', '--template', 'node', '--model', 'hello'], {
    cwd: folder,
    stdin: 'ignore',
  })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('answers a question, with only the answer on standard output', async () => {
  for (const { question, answer } of answers) {
    const asked = await npm('-s', 'start', '--', question)
    expect(asked).toMatchObject({ stdout: answer, exitCode: 0 })
  }
})

describe('every script passes as generated', () => {
  test.each(['doctor', 'typecheck', 'lint', 'build'])('%s', async (script) => {
    const ran = await npm('run', script)
    expect(ran.exitCode, ran.all).toBe(0)
  })

  test(
    'test, offline, runs at least one test whatever model the project uses',
    async () => {
      const config = join(project, 'mlx.config.json')
      const before = readFileSync(config, 'utf8')
      writeFileSync(config, before.replace('"hello"', '"somebody/a-model-that-is-not-here"'))
      onTestFinished(() => writeFileSync(config, before))
      const [command, commandArguments] = await withoutNetwork('npm test')
      const ran = await execa(command, commandArguments, {
        cwd: project,
        reject: false,
        all: true,
        env: { NO_COLOR: '1' },
      })
      expect(ran.exitCode, ran.all).toBe(0)
      expect(Number(/Tests +(\d+) passed/.exec(ran.all)?.[1])).toBeGreaterThan(10)
    },
    projectTestsMs,
  )

  test('setup again is quick and changes nothing', async () => {
    const ran = await npm('run', 'setup')
    expect(ran).toMatchObject({ exitCode: 0, all: expect.stringContaining('Already set up') })
  })

  test('models lists the hello model', async () => {
    const ran = await npm('run', 'models', '--', 'list')
    expect(ran).toMatchObject({ exitCode: 0, all: expect.stringContaining('hello') })
  })

  test('the ten-line example runs', async () => {
    const ran = await execa('npx', ['tsx', 'index.ts'], { cwd: project, reject: false, all: true })
    expect(ran.exitCode, ran.all).toBe(0)
    expect(ran.stdout).not.toBe('')
  })
})

test('is one git commit with a clean work tree if git knows the user', needs('git'), async () => {
  const identity = await execa(program('git'), ['config', 'user.email'], { cwd: project, reject: false })
  if (identity.exitCode !== 0) return expect(existsSync(join(project, '.git'))).toBe(true)
  expect((await execa(program('git'), ['rev-list', '--count', 'HEAD'], { cwd: project })).stdout).toBe('1')
  expect((await execa(program('git'), ['status', '--porcelain'], { cwd: project })).stdout).toBe('')
})

test('the built program answers from another folder, with production dependencies only', async () => {
  const shipped = join(folder, 'shipped')
  cpSync(project, shipped, { recursive: true, filter: (path) => !path.endsWith('node_modules') })
  await execa('npm', ['install', '--omit=dev'], { cwd: shipped })
  const [first] = answers
  // Its Python environment is the one of the project: a virtual environment does not move.
  renameSync(join(shipped, '.mlx'), join(shipped, '.mlx of another place'))
  symlinkSync(join(project, '.mlx'), join(shipped, '.mlx'))
  const ran = await execa('node', [join(shipped, 'dist', 'main.js'), first?.question ?? ''], {
    cwd: tmpdir(),
  })
  expect(ran.stdout).toBe(first?.answer)
})
