/**
 * Run by load.test.ts with --expose-gc, as a process of its own whose memory is the server's alone. It says where it
 * listens, and answers each message with what the server holds.
 */
import { readFileSync } from 'node:fs'
import { openServer } from './support.ts'

const send = (message: unknown) => process.send?.(message)

const server = await openServer({ STREAMS_PER_KEY: '1000', LOG_LEVEL: 'info' })
const { engineService, generations } = server.services

/** Bytes that a process has in memory, as Linux counts them; undefined elsewhere. */
function residentBytes(pid: number | undefined): number | undefined {
  if (process.platform !== 'linux' || pid === undefined) return undefined
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024
}

process.on('message', async () => {
  // What is kept of the log is the test's, not the server's.
  server.logLines.length = 0
  // A second time for what finalisers of the first one let go.
  for (let times = 0; times < 2; times++) {
    globalThis.gc?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
  const status = await engineService.status(30_000)
  const resources = process.getActiveResourcesInfo()
  send({
    rss: process.memoryUsage.rss(),
    heap: process.memoryUsage().heapUsed,
    workerRss: residentBytes(status?.pid),
    active: status?.active,
    queued: status?.queued,
    generations: generations.active,
    sockets: resources.filter((name) => name === 'TCPSocketWrap').length,
    timers: resources.filter((name) => name === 'Timeout').length,
  })
})
process.on('disconnect', () => server.cut().then(() => process.exit(0)))
send({ url: server.url })
