import { join } from 'node:path'
import { execa } from 'execa'
import { z } from 'zod'
import type { Row } from './table.ts'
import { root } from './workshop.ts'

const bar = 600_000
const peerName = 'create-vite@9.3.0'
const packedSchema = z.tuple([z.object({ filename: z.string(), size: z.number(), unpackedSize: z.number() })])

/** Packs the tool as it was built. @returns the path of its tarball. */
export async function packTool(workshop: string): Promise<string> {
  return join(workshop, (await pack(workshop)).filename)
}

async function pack(workshop: string, ...names: string[]) {
  const flags = ['--json', '--ignore-scripts', '--pack-destination', workshop]
  const { stdout } = await execa('npm', ['pack', ...flags, ...names], { cwd: root })
  return packedSchema.parse(JSON.parse(stdout))[0]
}

/** What `npx` downloads: one tarball, nothing beside it. */
export async function benchPackage(workshop: string): Promise<Row[]> {
  const packed = await pack(workshop)
  const peer = await pack(workshop, peerName)
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
