import { cpSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { createEngine } from '../../src/engine/index.ts'
import { modelFolder } from '../../src/engine/project/index.ts'
import { answerTo, ask, helloDirectory, makeProject, useFolder } from '../engine/support.ts'
import { program, runProgram } from './models-program.ts'

const folder = useFolder()
const elsewhere = join(folder.path, 'elsewhere', 'mine')
const project = join(folder.path, 'project')

beforeAll(() => {
  cpSync(helloDirectory, elsewhere, { recursive: true })
  makeProject(project, ['own'])
  const config = { model: '../elsewhere/mine', aliases: { fast: 'mine', slow: '../elsewhere/mine' } }
  writeFileSync(join(project, 'mlx.config.json'), JSON.stringify(config))
})

test.each([
  ['./a', '/from/a'],
  ['..', '/'],
  ['~/a', join(homedir(), 'a')],
  ['/a/b/', '/a/b'],
  ['a', undefined],
  ['owner/name', undefined],
])('%s is the folder %s', (name, path) => {
  expect(modelFolder(name, '/from')).toBe(path)
})

const environment = {
  ...process.env,
  HF_HUB_CACHE: join(folder.path, 'cache'),
  MLX_MODEL: undefined,
  MLX_PROJECT: project,
  NO_COLOR: '1',
  FORCE_COLOR: undefined,
}
const run = (...words: string[]) => runProgram([...program, ...words], environment)

test('a model at a path is listed and verified by the name of its folder', async () => {
  const listed = await run('models', 'list')
  expect(listed).toMatchObject({ code: 0, stderr: '' })
  const row = listed.stdout.split('\n').find((line) => line.startsWith('*'))
  expect(row).toMatch(/^\* mine +\d+ kB {2}path +fits {4}\//)
  expect(row?.endsWith(`  ${elsewhere}`)).toBe(true)
  expect(listed.stdout).not.toContain('not on this machine')
  expect(await run('models', 'verify')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining(`- mine: the hub has no hashes for its files (${elsewhere})`),
  })
})

test('the doctor knows its size', async () => {
  const { stdout } = await run('doctor', '--json')
  expect(JSON.parse(stdout).checks).toEqual(
    expect.arrayContaining([
      { name: 'model', good: true, detail: expect.stringMatching(/^mine, \d+ kB \(.*\/elsewhere\/mine\)$/) },
      { name: 'memory', good: true, detail: expect.stringMatching(/^model of \d+ kB, limit of /) },
    ]),
  )
})

test.each(['mine', 'fast', 'slow', undefined])(
  'a call names it as %s, and it is in memory once',
  async (name) => {
    await using engine = await createEngine({ project, device: 'cpu' })
    await engine.loadModel()
    const answer = await engine.complete({ ...ask('Say hello.'), ...(name && { model: name }) })
    expect(answer).toMatchObject({ text: answerTo('Say hello.'), model: elsewhere })
    expect((await engine.status()).models).toHaveLength(1)
  },
)

test('a folder in models/ keeps its name', async () => {
  cpSync(helloDirectory, join(project, 'models', 'mine'), { recursive: true })
  await using engine = await createEngine({ project, device: 'cpu' })
  expect((await engine.loadModel({ model: 'mine' })).path).toBe(join(project, 'models', 'mine'))
  expect((await engine.models()).map(({ model, place }) => [model, place]).slice(0, 3)).toEqual([
    ['mine', 'project'],
    ['own', 'project'],
    [elsewhere, 'path'],
  ])
  rmSync(join(project, 'models', 'mine'), { recursive: true })
})

test('a path without a model is no download', async () => {
  rmSync(join(elsewhere, 'model.safetensors'))
  const listed = await run('models', 'list')
  expect(listed.stdout).toContain(
    'The project uses ../elsewhere/mine, which is not the folder of a model. Correct "model" in mlx.config.json.',
  )
})
