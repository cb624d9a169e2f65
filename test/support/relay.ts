/** Run in a namespace: passes what is sent to an address there on to a Unix socket outside, which namespaces share. */
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
if (bound === null || typeof bound === 'string') throw new Error('It has no port')
console.log(bound.port)

// It ends with whoever started it.
process.stdin.resume().on('end', () => process.exit())
