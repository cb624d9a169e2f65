import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createEngine } from '../../src/engine/index.ts'
import type { EngineOptions } from '../../src/engine/options.ts'
import { answerTo, ask, endless, helloDirectory, makeProject, useFolder } from './support.ts'

const folder = useFolder()
let projects = 0

/** Makes a project with a model that was published with its own sampling. */
function projectWith(
  config: object,
  generationConfig: object = { do_sample: true, temperature: 1.5 },
): string {
  projects += 1
  const root = makeProject(join(folder.path, `project-${projects}`), [])
  const model = join(root, 'models', 'mine')
  cpSync(helloDirectory, model, { recursive: true })
  writeFileSync(join(model, 'generation_config.json'), JSON.stringify(generationConfig))
  writeFileSync(join(root, 'mlx.config.json'), JSON.stringify({ model: 'mine', ...config }))
  return root
}

/** The model was not trained to go on after its answer, so it is not sure how. */
const sampled = { ...endless, prompt: 'zq 17 !', seed: 7, maxTokens: 300 }

/** Each source, what a call then gets, and where the default comes from. */
const sources: [string, object, EngineOptions, number, string][] = [
  ['the model itself', {}, {}, 1.5, 'generation_config.json'],
  ['mlx.config.json', { sampling: { temperature: 1.2 } }, {}, 1.2, 'settings'],
  ['mlx.config.json with 0', { sampling: { temperature: 0 } }, {}, 0, 'settings'],
  [
    'mlx.config.json for the model',
    { sampling: { temperature: 0 }, modelSettings: { mine: { sampling: { temperature: 1.1 } } } },
    {},
    1.1,
    'settings',
  ],
  [
    'mlx.config.json for the model, with 0',
    { sampling: { temperature: 1.2 }, modelSettings: { mine: { sampling: { temperature: 0 } } } },
    {},
    0,
    'settings',
  ],
  ['createEngine', { sampling: { temperature: 0 } }, { sampling: { temperature: 1.3 } }, 1.3, 'settings'],
]

describe.each(sources)('sampling of %s', (_, config, options, temperature, source) => {
  test('is that of calls that say nothing, and the status tells it; the call’s own wins, also 0', async () => {
    await using engine = await createEngine({ project: projectWith(config), device: 'cpu', ...options })
    const loaded = await engine.loadModel()
    expect(loaded.defaults.temperature).toEqual({ value: temperature, source })
    expect(loaded.defaults.topP).toEqual({ value: 1, source: 'library' })
    expect((await engine.status()).models[0]?.defaults).toEqual(loaded.defaults)
    const text = async (given: object) => (await engine.complete({ ...sampled, ...given })).text
    expect(await text({})).toBe(await text({ temperature }))
    expect((await text({})) === (await text({ temperature: 0 }))).toBe(temperature === 0)
    expect(await text({ temperature: 0, seed: 8 })).toBe(await text({ temperature: 0 }))
    expect(await text({ temperature: 1.9 })).not.toBe(await text({}))
  })
})

test.each([
  [
    { do_sample: true, top_k: 64, top_p: 0.95 },
    { temperature: 1, topK: 64, topP: 0.95 },
  ],
  [
    { temperature: 0.6, top_p: 0.9, min_p: 0.05 },
    { temperature: 0.6, topP: 0.9, minP: 0.05 },
  ],
  [
    { do_sample: false, temperature: 0.6, repetition_penalty: 1.1 },
    { temperature: 0, repetitionPenalty: 1.1 },
  ],
])('generation_config.json %j', async (file, expected) => {
  await using engine = await createEngine({ project: projectWith({}, file), device: 'cpu' })
  const { defaults } = await engine.loadModel()
  for (const [name, value] of Object.entries(expected)) {
    expect(defaults[name]).toEqual({ value, source: 'generation_config.json' })
  }
})

test.each([{ temperature: 9, top_p: 0, top_k: -1, repetition_penalty: 'no' }, { eos_token_id: 2 }])(
  'generation_config.json %j gives no defaults',
  async (file) => {
    await using engine = await createEngine({ project: projectWith({}, file), device: 'cpu' })
    const { defaults } = await engine.loadModel()
    expect(defaults.temperature).toEqual({ value: 0, source: 'library' })
    expect((await engine.complete(ask('Say hello.'))).text).toBe(answerTo('Say hello.'))
  },
)

test('aliases, context, template variables and pinning of one model', async () => {
  const mine = {
    aliases: ['swift'],
    contextTokens: 300,
    templateOptions: { style: 'short' },
    pinned: true,
  }
  const project = projectWith({ modelSettings: { mine }, keepAlive: '50ms' })
  mkdirSync(join(project, 'models'), { recursive: true })
  await using engine = await createEngine({ project, device: 'cpu' })
  const loaded = await engine.loadModel({ model: 'swift' })
  expect(loaded).toMatchObject({ model: 'mine', contextTokens: 300, pinned: true })
  expect(loaded.defaults).toMatchObject({
    contextTokens: { value: 300, source: 'settings' },
    templateOptions: { value: { style: 'short' }, source: 'settings' },
  })
  await expect(engine.complete(ask('word '.repeat(400)))).rejects.toMatchObject({
    code: 'CONTEXT_LENGTH_EXCEEDED',
  })
})

test('an alias has the settings of its model', async () => {
  const settings = { aliases: { swift: 'mine' }, modelSettings: { swift: { contextTokens: 300 } } }
  await using engine = await createEngine({ project: projectWith(settings), device: 'cpu' })
  expect((await engine.loadModel({ model: 'mine' })).contextTokens).toBe(300)
})

test.each([
  [
    { aliases: { two: [{ model: 'mine', weight: 1 }] }, modelSettings: { two: {} } },
    'modelSettings has an entry for two, which stands for several models.',
  ],
  [
    { aliases: { swift: 'mine' }, modelSettings: { swift: {}, mine: {} } },
    'modelSettings has two entries for mine.',
  ],
])('settings of no certain model are refused: %j', async (settings, message) => {
  const refused = createEngine({ project: projectWith(settings) })
  await expect(refused).rejects.toMatchObject({ code: 'INVALID_REQUEST', message })
})

test('an alias of two models is refused', async () => {
  const modelSettings = { mine: { aliases: ['swift'] }, hello: { aliases: ['swift'] } }
  await expect(createEngine({ project: projectWith({ modelSettings }) })).rejects.toMatchObject({
    code: 'INVALID_REQUEST',
    message: 'The alias swift is given to two models.',
  })
})

test.each(['soon', '10 minutes', '1e3'])('keepAlive %s is refused with an example', async (keepAlive) => {
  await expect(createEngine({ keepAlive })).rejects.toMatchObject({
    code: 'INVALID_REQUEST',
    message: expect.stringContaining('such as 90s, 10m or 2h'),
  })
})
