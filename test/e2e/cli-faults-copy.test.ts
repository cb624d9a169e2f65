/** A copy of the tool that is damaged, as a cache that was half cleared leaves one: what is said, and that it helps. */
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { describe, expect, it } from 'vitest'
import { version } from '../../src/version.ts'
import { readTree, temporaryFolder } from '../support/folders.ts'
import { builtTool, plainEnvironment, programs, runInTerminal, runTool } from '../support/tool.ts'

const bin = await builtTool()
const quick = ['--yes', '--model', 'hello', '--no-install', '--no-git']

/** A copy of the built tool at a path as runners make it. @returns its folder `dist`. */
function copyAt(path: string): string {
  const copy = join(temporaryFolder(), path, 'node_modules', 'create-mlx-app', 'dist')
  cpSync(dirname(bin), copy, { recursive: true })
  return copy
}

/** Changes the layers of a copy. */
const damages: [name: string, fault: RegExp, damage: (layers: string) => void][] = [
  ['missing', /is missing/, (layers) => rmSync(layers)],
  ['empty', /is incomplete/, (layers) => truncateSync(layers, 0)],
  ['cut in its first line', /is incomplete/, (layers) => truncateSync(layers, 100)],
  ['cut in its middle', /has \d+ bytes instead of \d+/, (layers) => truncateSync(layers, 15_000)],
  ['something else', /is incomplete/, (layers) => writeFileSync(layers, '<html>not found</html>\n')],
  [
    'of another version',
    /has version 9\.9\.9/,
    (layers) => {
      const bytes = readFileSync(layers)
      const before = `"version":"${version}"`
      expect(bytes.subarray(0, 100).toString()).toContain(before)
      const end = bytes.indexOf(before) + before.length
      writeFileSync(layers, Buffer.concat([Buffer.from('{"version":"9.9.9"'), bytes.subarray(end)]))
    },
  ],
]

describe('damaged layers', () => {
  it.each(damages)(
    '%s: names the fault and the fix, writes nothing, and exits with 1',
    async (_, fault, damage) => {
      const folder = temporaryFolder()
      const copy = copyAt('.npm/_npx/0123abcd')
      damage(join(copy, 'layers.bin'))
      const { exitCode, stdout, stderr } = await runTool(join(copy, 'index.js'), ['x', ...quick], {
        cwd: folder,
      })
      expect({ exitCode, tree: readTree(folder) }).toEqual({ exitCode: 1, tree: {} })
      expect(stdout).not.toContain('Created')
      const [message = '', hint] = stderr.split('\n').slice(-2)
      expect(message).toContain(
        `This copy of create-mlx-app ${version} is damaged: ${join(copy, 'layers.bin')} `,
      )
      expect(message).toMatch(fault)
      expect(hint).toBe(`Remove the folder ${join(copy, '..', '..', '..')} and run the same command again.`)
    },
  )
})

describe('a missing package in the packed tool', () => {
  it('is named with a fix, and nothing is written', async () => {
    const folder = temporaryFolder()
    const copy = copyAt('lib')
    const [vendored = ''] = readdirSync(join(copy, 'vendor')).filter((name) => /^mlx-app-\d/.test(name))
    rmSync(join(copy, 'vendor', vendored))
    const { exitCode, stderr } = await runTool(join(copy, 'index.js'), ['x', ...quick], { cwd: folder })
    expect({ exitCode, tree: readTree(folder) }).toEqual({ exitCode: 1, tree: {} })
    expect(stderr).toContain(`is damaged: ${join(copy, 'vendor', vendored)} is missing.`)
    expect(stderr).toContain(`npx --yes create-mlx-app@${version}`)
  })
})

describe('missing chunks', () => {
  const damaged = /This copy of create-mlx-app .* is damaged: .*prompt\.js is missing/

  it('questions: the fault is shown in the terminal, and nothing is written', async () => {
    const folder = temporaryFolder()
    const copy = copyAt('lib')
    rmSync(join(copy, 'chunks', 'prompt.js'))
    const terminal = runInTerminal(join(copy, 'index.js'), [], { cwd: folder })
    expect(await terminal.ended).toBe(1)
    expect(terminal.text()).toMatch(damaged)
    expect(terminal.text()).toContain(`npx --yes create-mlx-app@${version}`)
    expect(readTree(folder)).toEqual({})
  })

  it('colours: the tool works without them', async () => {
    const folder = temporaryFolder()
    const copy = copyAt('lib')
    rmSync(join(copy, 'chunks', 'colours.js'))
    const terminal = runInTerminal(join(copy, 'index.js'), ['x', ...quick], { cwd: folder })
    expect(await terminal.ended).toBe(0)
    expect(terminal.text()).toContain('Created x in')
  })

  it('installation: the fault is found before anything is written', async () => {
    const folder = temporaryFolder()
    const copy = copyAt('lib')
    rmSync(join(copy, 'chunks', 'processes.js'))
    const env = plainEnvironment({ PATH: programs({ npm: 'exit 0' }) })
    const flags = ['x', '--yes', '--model', 'hello', '--no-git']
    const { exitCode, stderr } = await runTool(join(copy, 'index.js'), flags, { cwd: folder, env })
    expect(exitCode).toBe(1)
    expect(stderr).toContain('processes.js is missing.')
    expect(readTree(folder)).toEqual({})
  })
})

it("the suggested fix repairs npx's cache", async () => {
  const folder = temporaryFolder()
  const published = temporaryFolder('published')
  const repository = fileURLToPath(new URL('../..', import.meta.url))
  for (const name of ['package.json', 'README.md', 'LICENSE'])
    copyFileSync(join(repository, name), join(published, name))
  cpSync(dirname(bin), join(published, 'dist'), { recursive: true })
  await execa('npm', ['pack', '--ignore-scripts'], { cwd: published })
  const cache = temporaryFolder('cache')
  mkdirSync(join(folder, 'made'))
  const create = (name: string) =>
    execa(
      'npx',
      [
        '--yes',
        '--offline',
        `--package=${join(published, `create-mlx-app-${version}.tgz`)}`,
        'create-mlx-app',
        name,
        ...quick,
      ],
      {
        cwd: join(folder, 'made'),
        env: plainEnvironment({ npm_config_cache: cache }),
        extendEnv: false,
        reject: false,
        stdin: 'ignore',
      },
    )
  expect((await create('one')).exitCode).toBe(0)
  const [hash = ''] = readdirSync(join(cache, '_npx'))
  rmSync(join(cache, '_npx', hash, 'node_modules', 'create-mlx-app', 'dist', 'layers.bin'))
  const broken = await create('two')
  expect(broken.exitCode).toBe(1)
  const [, place = ''] =
    /^Remove the folder (.*) and run the same command again\.$/m.exec(broken.stderr) ?? []
  expect(place).toBe(join(cache, '_npx', hash))
  rmSync(place, { recursive: true })
  expect((await create('two')).exitCode).toBe(0)
  expect(readdirSync(join(folder, 'made')).sort()).toEqual(['one', 'two'])
})
