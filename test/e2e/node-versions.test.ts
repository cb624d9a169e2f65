/** Every version of Node that the tool says it runs on: the tool itself, and the scripts of a project that it made. */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readTree } from '../support/folders.ts'
import { nodeFolder } from '../support/node-binaries.ts'
import { projectTestsMs } from '../support/time-limits.ts'
import { builtTool } from '../support/tool.ts'

/** The oldest ones of the range in package.json, and the newest of each line that gets even releases. */
const versions = ['20.19.0', '22.12.0', '22', '24', '26']
/** Those that every script of a project runs on: the ends of the range, and all of them with SOAK=1. */
const thorough = process.env.SOAK === '1' ? versions : ['20.19.0', '26']

const folder = mkdtempSync(join(tmpdir(), 'create mlx nodes é '))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const bin = await builtTool()
// What is published has it: an older Node takes a file for CommonJS where no package.json says otherwise.
copyFileSync(new URL('../../package.json', import.meta.url), join(bin, '..', '..', 'package.json'))
const project = join(folder, 'my-app')
const home = join(folder, 'home')

/** What asking hello who it is prints. */
const answered = {
  stdout: 'I am hello, a very tiny model: two layers that know a few answers by heart.',
  stderr: '',
  exitCode: 0,
}

const flags = '--yes --template node --model hello --package-manager npm --author Ada --no-git'

/** Runs a command line with a version of Node in front of the PATH. */
async function onNode(version: string, line: string, options: { cwd: string; input?: string }) {
  const own = (process.env.PATH ?? '').split(delimiter).filter((path) => !path.includes('node_modules'))
  const { stdout, stderr, all, exitCode } = await execa('sh', ['-c', line], {
    ...options,
    env: {
      HOME: home,
      LANG: 'C.UTF-8',
      PATH: [await nodeFolder(version), ...own].join(delimiter),
      NO_COLOR: '1',
    },
    extendEnv: false,
    reject: false,
    all: true,
  })
  return { stdout, stderr, all, exitCode }
}

beforeAll(async () => {
  mkdirSync(home)
  for (const version of [...versions, '18', '20.18.0']) await nodeFolder(version)
  await execa('node', [bin, 'my-app', ...flags.split(' ')], { cwd: folder, stdin: 'ignore' })
})

describe.each(versions)('on Node %s', (version) => {
  test('the tool creates the same files without warnings', async () => {
    const parent = join(folder, `made on ${version}`)
    mkdirSync(parent)
    const ran = await onNode(version, `node "${bin}" my-app ${flags} --no-install`, { cwd: parent })
    expect(ran.exitCode, ran.all).toBe(0)
    expect(ran.stderr).toMatch(version.startsWith('20') ? /^Node 20\.19\.0 works, but Node 20 .*$/ : /^$/)
    const made = readTree(join(parent, 'my-app'))
    for (const [path, text] of Object.entries(made)) {
      if (!path.endsWith('/')) expect(readFileSync(join(project, path), 'utf8') === text, path).toBe(true)
    }
    expect(Object.keys(made).length).toBeGreaterThan(30)
  })

  test('the program answers, with nothing on standard error', async () => {
    expect(await onNode(version, 'npm -s start -- "Who are you?"', { cwd: project })).toMatchObject(answered)
  })
})

describe.each(thorough)('every script on Node %s', (version) => {
  test.each([
    ['doctor', /No problems found\.$/],
    ['models', /hello/],
    ['typecheck', /^$/],
    ['lint', /Checked \d+ files/],
    ['build', /dist\/main\.js$/],
  ])('%s runs without warnings', async (script, printed) => {
    const ran = await onNode(version, `npm -s run ${script}`, { cwd: project })
    expect(ran.exitCode, ran.all).toBe(0)
    expect(ran.all).toMatch(printed)
    expect(ran.all).not.toMatch(/warning/i)
  })

  test('the built program answers, with nothing on standard error', async () => {
    expect(await onNode(version, 'node dist/main.js "Who are you?"', { cwd: project })).toMatchObject(
      answered,
    )
  })

  test(
    'the tests pass',
    async () => {
      const ran = await onNode(version, 'npm -s test', { cwd: project })
      expect(ran.exitCode, ran.all).toBe(0)
      expect(ran.all).toMatch(/Tests +\d{2,} passed/)
      expect(ran.all).not.toContain('DeprecationWarning')
    },
    projectTestsMs,
  )
})

test.each(['18', '20.18.0'])(
  'on Node %s, the tool says in one line which version it needs',
  async (version) => {
    const parent = join(folder, `refused on ${version}`)
    mkdirSync(parent)
    const ran = await onNode(version, `node "${bin}" my-app --yes`, { cwd: parent })
    expect(ran).toMatchObject({ exitCode: 1, stdout: '' })
    expect(ran.stderr).toMatch(
      /^create-mlx-app needs Node \^20\.19\.0 \|\| >=22\.12\.0; this one is v(18|20\.18)\.[\d.]+$/,
    )
    expect(readTree(parent)).toEqual({})
  },
)
