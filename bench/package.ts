import { statSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { z } from 'zod'
import type { PackageOrigin } from '../scripts/bundle.ts'
import { packPackages } from '../scripts/packages.ts'
import type { Row } from './table.ts'
import { buildTool } from './workspace.ts'

/** The most bytes that the released tool may have. */
const bar = 200_000
const peerName = 'create-vite@9.3.0'
const packedSchema = z.tuple([z.object({ filename: z.string(), size: z.number(), unpackedSize: z.number() })])

interface Packed {
  /** The absolute path of the tarball. */
  path: string
  /** The size of the tarball in bytes. */
  size: number
  /** The size of the files in bytes. */
  unpackedSize: number
}

/** Packs the tool. @param origin where created projects get the packages of this repository from. */
export async function packTool(workspace: string, origin: PackageOrigin): Promise<Packed> {
  return await pack(await buildTool(workspace, origin))
}

/** Packs the package in a folder, or another one by name, to that folder. */
async function pack(folder: string, ...name: string[]): Promise<Packed> {
  const { stdout } = await execa('npm', ['pack', '--json', '--ignore-scripts', ...name], { cwd: folder })
  const [{ filename, ...sizes }] = packedSchema.parse(JSON.parse(stdout))
  return { path: join(folder, filename), ...sizes }
}

/** Measures the download size of everything that is published. */
export async function benchPackage(workspace: string): Promise<Row[]> {
  const [released, vendored] = [await packTool(workspace, 'registry'), await packTool(workspace, 'vendor')]
  const peer = await pack(workspace, peerName)
  const row = (what: string, packed: Packed): Row => ({
    what: `${what}: packed (unpacked)`,
    ours: sizes(packed),
    peer: '',
    result: kilobytes(packed.size),
  })
  const rows: Row[] = [
    {
      ...row('create-mlx-app as released, no run-time dependencies', released),
      peer: `${peerName}: ${sizes(peer)}`,
      bar: `<= ${kilobytes(bar)}`,
      met: released.size <= bar,
    },
    row('create-mlx-app from a checkout, with the packages', vendored),
  ]
  for (const { name, path } of await packPackages()) {
    if (name === 'wheel') {
      const size = kilobytes(statSync(path).size)
      rows.push({ what: 'mlx-app, the wheel, with the hello model', ours: size, peer: '', result: size })
    } else rows.push(row(`${name}, npm`, await pack(workspace, path)))
  }
  return rows
}

const sizes = ({ size, unpackedSize }: Packed): string => `${kilobytes(size)} (${kilobytes(unpackedSize)})`
const kilobytes = (bytes: number): string => `${Math.round(bytes / 1000)} kB`
