/** Images and embeddings on tiny models of random weights: what they say has no sense, and yet depends on what they saw. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { findProject } from 'mlx-app/setup'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { pythonDirectory } from '../../engine/src/package-files.ts'
import { helloDirectory, makeProject, useFolder } from '../../engine/test/engine/support.ts'
import { findVisionPython } from '../../engine/test/engine/vision-python.ts'
import { openServer, type TestServer } from './support.ts'

const project = findProject(import.meta.dirname)
const maker = join(pythonDirectory, 'tests', 'tiny_models.py')
const python = existsSync(maker) ? findVisionPython(project) : undefined
const reason =
  python === undefined ? ' (skipped: npm run test:python makes the environment that it needs)' : ''
const colours = { red: 'rgb(255, 0, 0)', blue: 'rgb(0, 0, 255)' }

const answerSchema = z.object({ choices: z.array(z.object({ message: z.object({ content: z.string() }) })) })
const vectorSchema = z.object({
  data: z.array(z.object({ index: z.int(), embedding: z.union([z.array(z.number()), z.string()]) })),
  usage: z.object({ prompt_tokens: z.int().min(1), total_tokens: z.int().min(1) }),
})

describe.skipIf(python === undefined)(`images and embeddings${reason}`, () => {
  const folder = useFolder().path
  let server: TestServer
  /** An image on a listed host. */
  let address: string
  const host = createServer((_, response) => response.end(picture('red')))

  beforeAll(async () => {
    if (python === undefined) throw new Error('The tests are skipped without an interpreter.')
    const root = makeProject(folder)
    execFileSync(python, [maker, helloDirectory, join(root, 'models'), 'qwen2_5_vl', 'bert'], {
      stdio: 'pipe',
    })
    for (const [name, colour] of Object.entries(colours)) {
      const draw = `from PIL import Image; import sys; Image.new("RGB", (64, 64), sys.argv[1]).save(sys.argv[2])`
      execFileSync(python, ['-c', draw, colour, join(folder, `${name}.png`)])
    }
    await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve))
    const { port } = z.object({ port: z.int() }).parse(host.address())
    address = `http://127.0.0.1:${port}`
    server = await openServer({ IMAGE_HOSTS: address }, { project: root, python })
  })

  afterAll(async () => {
    host.close()
    await server?.cut()
  })

  const picture = (name: keyof typeof colours) => readFileSync(join(folder, `${name}.png`))
  const inline = (name: keyof typeof colours) => `data:image/png;base64,${picture(name).toString('base64')}`

  function ask(...urls: string[]): Promise<Response> {
    const images = urls.map((url) => ({ type: 'image_url', image_url: { url, detail: 'auto' } }))
    const content = [...images, { type: 'text', text: 'What is it?' }]
    const body = { model: 'qwen2_5_vl', messages: [{ role: 'user', content }], max_tokens: 16 }
    return server.post('/v1/chat/completions', body)
  }

  async function told(...urls: string[]): Promise<string | undefined> {
    const response = await ask(...urls)
    return answerSchema.parse(await response.json()).choices[0]?.message.content
  }

  test('the model sees an image of a data URL', async () => {
    const texts = [await told(inline('red')), await told(inline('blue')), await told()]
    expect(new Set(texts).size).toBe(3)
  })

  test('an image on an allowed host is downloaded, and is the same', async () => {
    expect(await told(`${address}/red.png`)).toBe(await told(inline('red')))
  })

  const param = 'messages.0.content.0.image_url.url'
  test.each([
    [
      'an address that is not listed',
      'https://images.example/a.png',
      /images are not downloaded from this host/,
    ],
    ['the server itself', 'http://127.0.0.1:1/a.png', /images are not downloaded from this host/],
    [
      'a name and a password',
      'http://me:secret@127.0.0.1:1/a.png',
      /images are not downloaded from this host/,
    ],
    ['a path', '/etc/passwd', /expected a base64 data URL/],
    ['a file', 'file:///etc/passwd', /expected a base64 data URL/],
    ['another kind of data', 'data:image/svg+xml;base64,AAAA', /expected a base64 data URL/],
    ['what is not base64', 'data:image/png;base64,****', /invalid base64/],
    ['what is no image', 'data:image/png;base64,AAAA', /not a PNG, JPEG or WebP file/],
  ])('%s is refused', async (_, url, message) => {
    const response = await ask(url)
    expect([response.status, await response.json()]).toEqual([
      400,
      {
        error: {
          message: expect.stringMatching(message),
          type: 'invalid_request_error',
          param,
          code: 'invalid_value',
        },
      },
    ])
  })

  test('a damaged image is a 400 too', async () => {
    const response = await ask(`data:image/png;base64,${picture('red').subarray(0, 60).toString('base64')}`)
    expect([response.status, await response.json()]).toMatchObject([
      400,
      { error: { message: expect.stringContaining('Image 1') } },
    ])
  })

  test('embeddings are numbers or base64, in the order of their texts', async () => {
    const input = ['The cat sat on the mat.', 'Hello!']
    const embed = async (more: object) => {
      const response = await server.post('/v1/embeddings', { model: 'bert', input, ...more })
      return vectorSchema.parse(await response.json())
    }
    const plain = await embed({})
    const coded = await embed({ encoding_format: 'base64' })
    expect(plain.data.map(({ index }) => index)).toEqual([0, 1])
    for (const [place, { embedding }] of coded.data.entries()) {
      const bytes = Buffer.from(z.string().parse(embedding), 'base64')
      const numbers = Array.from({ length: bytes.length / 4 }, (_, at) => bytes.readFloatLE(4 * at))
      const expected = z.array(z.number()).parse(plain.data[place]?.embedding)
      expect(numbers.length).toBe(expected.length)
      for (const [at, number] of numbers.entries()) expect(number).toBeCloseTo(expected[at] ?? Number.NaN, 5)
    }
    const size = z.array(z.number()).parse(plain.data[0]?.embedding).length
    expect((await embed({ dimensions: size })).data.length).toBe(2)
  })

  test('embeddings are not shortened', async () => {
    const response = await server.post('/v1/embeddings', { model: 'bert', input: 'a', dimensions: 3 })
    expect([response.status, await response.json()]).toMatchObject([400, { error: { param: 'dimensions' } }])
  })
})
