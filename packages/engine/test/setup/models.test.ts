import { existsSync, mkdirSync, readdirSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { scriptWithArguments } from '../../src/engine/project/index.ts'
import { formatBytes } from '../../src/setup/terminal/format.ts'
import { type Hub, refuse, startHub } from '../engine/hub.ts'
import { helloDirectory, useFolder } from '../engine/support.ts'
import { type Outcome, runModels } from './models-program.ts'

const folder = useFolder()
const model = 'somebody/hello-mlx'
const cached = join(folder.path, 'home', 'hub', 'models--somebody--hello-mlx')
const snapshot = join(cached, 'snapshots', 'a'.repeat(40))
let hub: Hub

beforeAll(async () => {
  hub = await startHub(model, helloDirectory)
})
afterAll(() => hub[Symbol.asyncDispose]())

const run = (...words: string[]): Promise<Outcome> =>
  runModels(words, {
    ...process.env,
    HF_ENDPOINT: hub.address,
    HF_HOME: join(folder.path, 'home'),
    HF_HUB_CACHE: undefined,
    HF_HUB_OFFLINE: '',
    HF_TOKEN: undefined,
    MLX_MODEL: model,
    NO_COLOR: '1',
    FORCE_COLOR: undefined,
    INIT_CWD: folder.path,
  })

const command = (words: string) => scriptWithArguments('models', words)

/** Downloads the model if necessary. Each command starts two programs, so a test has time for few. */
async function havePulled(): Promise<void> {
  expect(await run('pull', model)).toMatchObject({ code: 0 })
}

test('a missing model is reported and downloaded', async () => {
  const before = await run()
  expect(before).toMatchObject({ code: 0, stderr: '' })
  expect(before.stdout).toContain(
    `The project uses ${model}, which is not on this machine. To download it, run: ${scriptWithArguments('models', 'pull')}\n`,
  )

  const come = await run('pull')
  expect(come.stderr).toMatch(/^Downloading: 0 %, 0 bytes of \d+ kB\nDownloading: 100 %, (\d+ kB) of \1\n$/)
  expect(come.stdout).toMatch(/^✓ somebody\/hello-mlx is on this machine: \d+ kB in /)
  expect(come).toMatchObject({ code: 0, stdout: expect.stringContaining(`in ${snapshot}\n`) })
})

test('it is listed', async () => {
  await havePulled()
  const listed = await run('list')
  const row = listed.stdout.split('\n').find((line) => line.startsWith('*'))
  expect(row).toMatch(/^\* somebody\/hello-mlx +\d+ kB {2}cache +fits {4}\//)
  expect(row?.endsWith(`  ${snapshot}`)).toBe(true)
  const entries = JSON.parse((await run('list', '--json')).stdout)
  expect(entries).toContainEqual(
    expect.objectContaining({ model, path: snapshot, place: 'cache', configured: true, fits: true }),
  )
})

test('it is verified, damaged and repaired', async () => {
  await havePulled()
  expect(await run('verify', model)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^✓ somebody\/hello-mlx: \d+ files verified, \d+ kB\n$/),
  })
  const weights = join(snapshot, 'model.safetensors')
  const { size } = statSync(weights)
  truncateSync(weights, 1000)
  expect(await run('verify', model)).toMatchObject({
    code: 1,
    stdout: [
      `✗ ${model} is damaged (${snapshot})`,
      '    model.safetensors is damaged',
      `  To download these files again, run: ${command(`pull ${model}`)}`,
      '',
    ].join('\n'),
  })
  expect((await run('download', model)).code).toBe(0)
  expect(statSync(weights).size).toBe(size)
})

test('leftovers of an interrupted download are deleted', async () => {
  await havePulled()
  const partial = join(cached, 'blobs', `${'c'.repeat(64)}.incomplete`)
  writeFileSync(partial, Buffer.alloc(2_000_000))
  expect(await run('clean', '--dry-run')).toEqual({
    code: 0,
    stderr: '',
    stdout: [
      'These files would be deleted:',
      `     2.0 MB  interrupted download  ${partial}`,
      'This would free 2.0 MB.',
      '',
    ].join('\n'),
  })
  expect(existsSync(partial)).toBe(true)
  expect((await run('clean')).stdout).toMatch(/^Deleted:\n[^\n]*\n✓ Freed 2\.0 MB\n$/)
  expect(existsSync(partial)).toBe(false)
})

test('without a terminal it is removed only with --yes', async () => {
  await havePulled()
  expect(await run('remove', model)).toEqual({
    code: 2,
    stdout: '',
    stderr: `There is no terminal for the question. To delete without asking, run: ${command(`remove ${model} --yes`)}\nSee --help.\n`,
  })
  const removed = await run('remove', model, '--yes', '--json')
  expect(JSON.parse(removed.stdout)).toMatchObject({ model, path: cached })
  expect(existsSync(cached)).toBe(false)
  expect(await run('remove', model, '--yes')).toMatchObject({ code: 1, stdout: '' })
})

test('--output downloads plain files, relative to the folder of the user', async () => {
  const pulled = await run('pull', model, '--output', 'plain', '--json')
  const path = join(folder.path, 'plain')
  expect(JSON.parse(pulled.stdout)).toMatchObject({ model, path, revision: 'a'.repeat(40) })
  expect(readdirSync(path)).toContain('model.safetensors')
  const bytes = statSync(join(path, 'model.safetensors')).size
  expect(formatBytes(JSON.parse(pulled.stdout).bytes)).toMatch(/ kB$/)
  expect(JSON.parse(pulled.stdout).bytes).toBeGreaterThan(bytes)
})

test('a refusal by the hub is reported with a hint, and leaves no files behind', async () => {
  hub.trouble = (_, response) => {
    refuse(response, 403, 'GatedRepo')
    return true
  }
  const { code, stdout, stderr } = await run('pull', model)
  hub.trouble = () => false
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toMatch(
    /^✗ somebody\/hello-mlx is gated: its owner must give your account access\.\n.*HF_TOKEN/,
  )
  expect(stderr).not.toMatch(/^\s+at /m)
  mkdirSync(join(folder.path, 'home'), { recursive: true })
  expect(existsSync(join(cached, 'snapshots'))).toBe(false)
})
