/** Forwards connections from an address in a network namespace to a Unix socket outside, which namespaces share. */
import { once } from 'node:events'
import { connect, createServer } from 'node:net'

const [address, socket = ''] = process.argv.slice(2)

const server = createServer((inside) => {
  const outside = connect(socket)
  inside.pipe(outside).pipe(inside)
  inside.on('error', () => outside.destroy())
  outside.on('error', () => inside.destroy())
})
server.listen(0, address)
await once(server, 'listening')
const bound = server.address()
if (bound === null || typeof bound === 'string') throw new Error('The server has no port')
console.log(bound.port)

// Exits when its parent does.
process.stdin.resume().on('end', () => process.exit())
