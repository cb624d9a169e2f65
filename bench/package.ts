import { execa } from 'execa'
import { z } from 'zod'
import type { Row } from './table.ts'
import { root } from './workshop.ts'

const bar = 600_000
const peerName = 'create-vite@9.3.0'
const packedSchema = z.tuple([z.object({ size: z.number(), unpackedSize: z.number() })])

/** What `npx` downloads: one tarball, nothing beside it. */
export async function benchPackage(workshop: string): Promise<Row[]> {
  const pack = ['pack', '--json', '--ignore-scripts', '--pack-destination', workshop]
  const [packed] = packedSchema.parse(JSON.parse((await execa('npm', pack, { cwd: root })).stdout))
  const packPeer = await execa('npm', [...pack, peerName], { cwd: workshop })
  const [peer] = packedSchema.parse(JSON.parse(packPeer.stdout))
  const kilobytes = (bytes: number) => `${Math.round(bytes / 1000)} kB`
  return [
    {
      what: 'packed (unpacked) size, hello model included; run-time dependencies',
      ours: `${kilobytes(packed.size)} (${kilobytes(packed.unpackedSize)}); 0`,
      peer: `${peerName}: ${kilobytes(peer.size)} (${kilobytes(peer.unpackedSize)}); 0`,
      result: kilobytes(packed.size),
      bar: `<= ${kilobytes(bar)}, 0`,
      met: packed.size <= bar,
    },
  ]
}
