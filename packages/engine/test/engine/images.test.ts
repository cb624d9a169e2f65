import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32, deflateSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createEngine, type Engine } from '../../src/engine/index.ts'
import { findProject } from '../../src/engine/project/index.ts'
import { pythonDirectory } from '../../src/package-files.ts'
import { answerTo, ask, helloDirectory, story, textOf } from './support.ts'
import { findVisionPython } from './vision-python.ts'

const project = findProject(import.meta.dirname)
const maker = join(pythonDirectory, 'tests', 'tiny_models.py')
const python = existsSync(maker) ? findVisionPython(project) : undefined
const reason = python === undefined ? ' (skipped: it needs npm run setup -- --with vision)' : ''

/** Models of random weights: what they say has no sense, and yet depends on all that they were told. */
const seeing = ['qwen2_5_vl', 'gemma3']
const embedding = ['bert', 'qwen3_embedding']

describe.skipIf(python === undefined)(`images and embeddings${reason}`, () => {
  const model = (name: string) => join(folder, 'models', name)
  let folder: string
  let engine: Engine

  beforeAll(async () => {
    if (python === undefined) throw new Error('The tests are skipped without an interpreter.')
    folder = mkdtempSync(join(tmpdir(), 'créé ici '))
    const made = [helloDirectory, join(folder, 'models'), ...seeing, ...embedding]
    execFileSync(python, [maker, ...made], { stdio: 'pipe' })
    engine = await createEngine({ device: 'cpu', python })
  })

  afterAll(async () => {
    await engine?.dispose()
    rmSync(folder, { recursive: true, force: true })
  })

  async function told(name: string, ...images: (string | Uint8Array)[]): Promise<string> {
    const { text } = await engine.complete({ model: model(name), ...about(...images), maxTokens: 16 })
    return text
  }

  test.each(seeing)(
    '%s: an image is a path, a data URL or bytes, and the answer is the same',
    async (name) => {
      const red = picture(255, 0, 0)
      const file = join(folder, 'red.png')
      writeFileSync(file, red)
      const byPath = await told(name, file)
      expect(byPath).not.toBe('')
      expect(await told(name, `data:image/png;base64,${red.toString('base64')}`)).toBe(byPath)
      expect(await told(name, red)).toBe(byPath)
      // A view into something larger is its own bytes alone.
      const larger = new Uint8Array([1, 2, 3, ...red, 4, 5])
      expect(await told(name, larger.subarray(3, 3 + red.length))).toBe(byPath)
    },
  )

  test.each(seeing)('%s: another image, two images or no image give another answer', async (name) => {
    const [red, blue] = [picture(255, 0, 0), picture(0, 0, 255)]
    const texts = [
      await told(name, red),
      await told(name, blue),
      await told(name, red, blue),
      await told(name, blue, red),
      await told(name),
    ]
    expect(new Set(texts).size).toBe(texts.length)
  })

  test.each(seeing)(
    '%s: has the capability, and streams next to a text that stays the same',
    async (name) => {
      expect(await engine.loadModel({ model: model(name) })).toMatchObject({ capabilities: ['images'] })
      const beside = engine.complete({ model: 'hello', ...ask(story) })
      const call = { model: model(name), ...about(picture(0, 255, 0)), maxTokens: 16 }
      const streamed = await textOf(engine.generate(call))
      expect(streamed).toBe((await engine.complete(call)).text)
      expect((await beside).text).toBe(answerTo(story))
    },
  )

  test('an invalid image is named, and the next call works', async () => {
    await expect(told('gemma3', picture(0, 0, 0), new Uint8Array([1, 2, 3]))).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringContaining('Image 2'),
    })
    expect(await told('gemma3', picture(0, 0, 0))).not.toBe('')
  })

  test.each(embedding)('%s: a text is similar to itself, and the order is kept', async (name) => {
    const inputs = ['The cat sat on the mat.', 'Hello!', 'Tell me a story.']
    const { vectors, usage } = await engine.embed({ model: model(name), inputs: [...inputs, ...inputs] })
    expect(vectors).toHaveLength(2 * inputs.length)
    for (const [place, vector] of vectors.entries()) {
      expect(dot(vector, vector)).toBeCloseTo(1, 4)
      for (const [other, found] of vectors.entries()) {
        const same = place % inputs.length === other % inputs.length
        if (same) expect(dot(vector, found)).toBeCloseTo(1, 4)
        else expect(dot(vector, found)).toBeLessThan(0.999)
      }
    }
    expect(usage.promptTokens).toBeGreaterThan(0)
  })

  test('a model that makes embeddings writes no text', async () => {
    await expect(engine.complete({ model: model('bert'), ...ask(story) })).rejects.toMatchObject({
      code: 'UNSUPPORTED',
    })
  })
})

function about(...images: (string | Uint8Array)[]) {
  const parts = images.map((image) => ({ type: 'image' as const, image }))
  return {
    messages: [
      { role: 'user' as const, content: [...parts, { type: 'text' as const, text: 'What is it?' }] },
    ],
  }
}

function dot(one: readonly number[], other: readonly number[]): number {
  return one.reduce((sum, value, place) => sum + value * (other[place] ?? Number.NaN), 0)
}

/** A PNG of 64 x 64 pixels of one colour (https://www.w3.org/TR/png-3/). */
function picture(...colour: [red: number, green: number, blue: number]): Buffer {
  const size = 64
  const header = Buffer.alloc(13)
  header.writeUInt32BE(size, 0)
  header.writeUInt32BE(size, 4)
  // Eight bits each of red, green and blue.
  header.set([8, 2], 8)
  const line = [0, ...Array.from({ length: size }, () => colour).flat()]
  const pixels = deflateSync(Buffer.from(Array.from({ length: size }, () => line).flat()))
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', pixels),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(name: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(name, 'latin1'), data])
  const framed = Buffer.alloc(body.length + 8)
  framed.writeUInt32BE(data.length, 0)
  body.copy(framed, 4)
  framed.writeUInt32BE(crc32(body), body.length + 4)
  return framed
}
