import { createServer, type RequestListener, type Server } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { download, isAllowedHost } from '../src/requests/image-download.ts'
import { isPublic } from '../src/requests/public-address.ts'
import { useServer } from './support.ts'

const png = Buffer.from('\x89PNG\r\n\x1a\nsome bytes', 'latin1')

const answers: Record<string, RequestListener> = {
  '/image.png': (_, response) => response.end(png),
  '/elsewhere': (_, response) => response.writeHead(302, { location: '/image.png' }).end(),
  '/missing': (_, response) => response.writeHead(404).end(),
  '/endless': (_, response) => {
    const more = () => {
      while (response.write(Buffer.alloc(65_536)));
    }
    response.on('drain', more)
    more()
  },
  '/silent': () => undefined,
}

let server: Server
let origin: string
const asked: (string | undefined)[] = []

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(request.url)
    answers[request.url ?? '']?.(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = z.object({ port: z.int() }).parse(server.address())
  origin = `http://127.0.0.1:${port}`
})

afterAll(() => {
  server.closeAllConnections()
  server.close()
})

const { signal } = new AbortController()
const get = (path: string, most = 1000) => download(new URL(path, origin), most, signal)

describe('a download', () => {
  test('returns the bytes', async () => {
    expect(Buffer.from(await get('/image.png'))).toEqual(png)
  })

  test('does not follow redirects', async () => {
    asked.length = 0
    await expect(get('/elsewhere')).rejects.toThrow('redirects are not followed')
    expect(asked).toEqual(['/elsewhere'])
  })

  test('fails on an error status', async () => {
    await expect(get('/missing')).rejects.toThrow('the host answered with status 404')
  })

  test('stops at the size limit', async () => {
    await expect(get('/endless', 100_000)).rejects.toThrow('it is larger than 100000 bytes')
  })

  test('stops when its signal aborts', async () => {
    const soon = AbortSignal.timeout(100)
    await expect(download(new URL('/silent', origin), 1000, soon)).rejects.toThrow(/abort/i)
  })

  test.each(['127.0.0.1', '10.1.2.3', '169.254.169.254', '::1', '::ffff:192.168.0.1', 'fd00::1'])(
    'does not connect to a name that resolves to %s',
    async (address) => {
      asked.length = 0
      const named = new URL(origin.replace('127.0.0.1', 'images.example'))
      const family = address.includes(':') ? 6 : 4
      const resolve = async () => [
        { address: '93.184.215.14', family: 4 },
        { address, family },
      ]
      await expect(download(named, 1000, signal, resolve)).rejects.toThrow('private address')
      expect(asked).toEqual([])
    },
  )

  test('resolves a name once, for the connection itself', async () => {
    const lookedUp: string[] = []
    const named = new URL(origin.replace('127.0.0.1', 'localhost'))
    const resolve = async (hostname: string) => {
      lookedUp.push(hostname)
      return [{ address: '127.0.0.1', family: 4 }]
    }
    expect(Buffer.from(await download(new URL('/image.png', named), 1000, signal, resolve))).toEqual(png)
    expect(lookedUp).toEqual(['localhost'])
  })
})

test.each([
  ['https://images.example/a.png', 'images.example', true],
  ['https://images.example:443/a.png', 'images.example', true],
  ['https://images.example:8443/a.png', 'images.example', false],
  ['https://images.example:8443/a.png', 'images.example:8443', true],
  ['http://images.example/a.png', 'images.example', false],
  ['http://10.0.0.5:9000/a.png', 'http://10.0.0.5:9000', true],
  ['https://images.example.evil.example/a.png', 'images.example', false],
  ['https://evil.example/images.example', 'images.example', false],
  ['https://IMAGES.example/a.png', 'images.example', true],
  ['https://sub.images.example/a.png', 'images.example', false],
])('%s with %s listed: %s', (address, entry, listed) => {
  expect(isAllowedHost(new URL(address), [entry])).toBe(listed)
})

test.each([
  ['8.8.8.8', true],
  ['2606:4700::1111', true],
  ['::ffff:8.8.8.8', true],
  ['0.0.0.0', false],
  ['100.64.0.1', false],
  ['172.31.255.255', false],
  ['fe80::1', false],
  ['64:ff9b::7f00:1', false],
  ['nonsense', false],
])('%s is public: %s', (address, expected) => {
  expect(isPublic(address)).toBe(expected)
})

describe('a text model', () => {
  const shared = useServer({ IMAGE_HOSTS: 'http://127.0.0.1' })

  test('rejects an image before it is downloaded', async () => {
    asked.length = 0
    const content = [{ type: 'image_url', image_url: { url: `${origin}/image.png` } }]
    const response = await shared.server.post('/v1/chat/completions', {
      messages: [{ role: 'user', content }],
    })
    expect([response.status, await response.json()]).toMatchObject([
      400,
      { error: { message: 'messages.0.content.0.image_url.url: this model does not accept images.' } },
    ])
    expect(asked).toEqual([])
  })
})
