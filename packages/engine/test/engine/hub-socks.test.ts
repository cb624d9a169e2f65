import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { useFolder } from './support.ts'
import { model, useHub } from './use-hub.ts'

const shared = useHub(useFolder().path)
let proxy: SocksProxy

beforeEach(async () => {
  proxy = await startSocksProxy(Number(new URL(shared.hub.address).port))
})
afterEach(() => void proxy.server.close())

test('a model is downloaded through a SOCKS proxy, which looks up the name of the hub', async () => {
  const { port } = new URL(shared.hub.address)
  const engine = await shared.engine({
    ALL_PROXY: `socks5://127.0.0.1:${proxy.port}`,
    HF_ENDPOINT: `http://hub.invalid:${port}`,
  })
  const { path } = await engine.downloadModel({ model })
  expect(path).toContain(shared.cached)
  expect(new Set(proxy.asked)).toEqual(new Set(['hub.invalid']))
})

interface SocksProxy {
  server: Server
  port: number
  /** The names of the hosts that clients asked for. */
  asked: string[]
}

/** Starts a SOCKS5 proxy (RFC 1928) without a password. Every host is this machine. @param port of the real server. */
async function startSocksProxy(port: number): Promise<SocksProxy> {
  const asked: string[] = []
  const server = createServer((client) => {
    client.on('error', () => {})
    client.once('data', () => {
      client.write(Buffer.from([5, 0]))
      client.once('data', (request) => {
        // Version, command, reserved, type 3: a name with its length before it.
        asked.push(request.subarray(5, 5 + (request[4] ?? 0)).toString())
        relay(client, port)
      })
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('No port was given.')
  return { server, port: address.port, asked }
}

function relay(client: Socket, port: number): void {
  const target = connect(port, '127.0.0.1', () => {
    client.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]))
    client.pipe(target).pipe(client)
  })
  target.on('error', () => client.destroy())
}
