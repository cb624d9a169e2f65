/**
 * Run by attacks.test.ts, as a process of its own: attacks the server at an address until its standard input ends,
 * and says on standard output how each of its requests went, one JSON object a line.
 */
import { once } from 'node:events'
import { connect } from 'node:net'

const [scene = '', address = ''] = process.argv.slice(2)
const { port, hostname } = new URL(address)
const megabyte = Buffer.alloc(1_000_000, 'a ')

/** Opens a connection, writes what it is told to, and reports what came back. */
async function attack(path: string, contentLength: number, pieces: Iterable<string | Buffer>): Promise<void> {
  const socket = connect(Number(port), hostname)
  let said = ''
  socket.on('data', (piece) => {
    said += piece
  })
  // Cut off in the middle is what an attacker may expect.
  socket.on('error', () => undefined)
  const closed = new Promise((resolve) => socket.once('close', resolve))
  const started = performance.now()
  socket.write(
    `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nconnection: close\r\n` +
      `content-length: ${contentLength}\r\n\r\n`,
  )
  for (const piece of pieces) {
    if (socket.destroyed) break
    if (!socket.write(piece)) await Promise.race([once(socket, 'drain').catch(() => undefined), closed])
  }
  // Whoever has said all leaves with the first word of the answer.
  if (socket.bytesWritten > contentLength) {
    if (said === '') await Promise.race([once(socket, 'data').catch(() => undefined), closed])
    socket.destroy()
  }
  await closed
  const status = Number(said.split(' ')[1] ?? 0)
  const sent = socket.bytesWritten
  console.log(JSON.stringify({ status, sent, ms: Math.round(performance.now() - started) }))
}

const question = (text: string) =>
  JSON.stringify({ messages: [{ role: 'user', content: text }], max_tokens: 5 })

const scenes: Record<string, () => Promise<void>> = {
  half: async () => {
    const half = question('Say hello.')
    await Promise.all(
      Array.from({ length: 200 }, () => attack('/v1/chat/completions', half.length * 2, [half])),
    )
  },
  huge: async () => {
    const pieces = Array.from({ length: 100 }, () => megabyte)
    for (;;) await attack('/v1/chat/completions', 100_000_000, pieces)
  },
  long: async () => {
    const text = question('word '.repeat(1_200_000))
    const paths = ['/v1/chat/completions', '/v1/messages', '/v1/messages/count_tokens', '/v1/responses']
    for (let turn = 0; ; turn += 1) await attack(paths[turn % paths.length] ?? '', text.length, [text])
  },
}

process.stdin.on('end', () => process.exit(0)).resume()
await scenes[scene]?.()
