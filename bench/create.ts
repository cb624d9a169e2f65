import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import type { TemplateId } from '../src/choices.ts'
import { vendorFolder } from '../src/packages.ts'
import { interleave, median, rounds, time } from './measure.ts'
import { atMost, milliseconds, type Row } from './table.ts'
import { buildTool, createWorkspace, installPeer, memoryFolder } from './workspace.ts'

const peerVersion = '9.3.0'
const peerName = `create-vite ${peerVersion} vanilla-ts`
const bar = 1
/** The most files that a project may have, without `vendor/`. */
const maxFiles = { node: 50, server: 40, python: 40, desktop: 60 } as const satisfies Record<
  TemplateId,
  number
>

/**
 * Measures creating a project in memory, without installing anything, against create-vite. The tool is measured as released,
 * and as built from a checkout, where it also writes the packages. Medians of 41. Then counts the files that were written.
 */
export async function benchCreate(workspace: string): Promise<Row[]> {
  const released = join(await buildTool(workspace, 'registry'), 'dist', 'index.js')
  const vendored = join(await buildTool(workspace, 'vendor'), 'dist', 'index.js')
  const vite = await installPeer(workspace, 'create-vite', peerVersion)
  await using projects = await createWorkspace(memoryFolder())
  const ours = async (bin: string, name: string, template: TemplateId = 'node'): Promise<string> => {
    const folder = join(projects.path, name)
    await execa('node', [bin, folder, '--yes', '--template', template, ...ourFlags])
    return folder
  }
  const peer = async (name: string): Promise<string> => {
    await execa('node', [vite, name, ...viteFlags], { cwd: projects.path })
    return join(projects.path, name)
  }
  const sides = await interleave(rounds(41), [
    (round) => time(() => ours(released, `released-${round}`)),
    (round) => time(() => ours(vendored, `vendored-${round}`)),
    (round) => time(() => peer(`vite-${round}`)),
  ])
  const [ofReleased = Number.NaN, ofVendored = Number.NaN, ofPeer = Number.NaN] = sides.map(median)
  const row = (what: string, own: number): Row => ({
    what: `create, no install, no git, ${what}`,
    ours: milliseconds(own),
    peer: `${peerName}: ${milliseconds(ofPeer)}`,
    ...atMost(own / ofPeer, bar),
  })
  const rows = [row('as released', ofReleased), row('from a checkout', ofVendored)]
  const peerFiles = written(await peer('vite-written'))
  for (const template of ['node', 'server'] as const) {
    const own = written(await ours(released, `${template}-released`, template))
    const vendorFiles = written(join(await ours(vendored, `${template}-vendored`, template), vendorFolder))
    const max = maxFiles[template]
    rows.push({
      what: `files written, ${template} (from a checkout, in ${vendorFolder}/)`,
      ours: `${text(own)} (${text(vendorFiles)})`,
      peer: `${peerName}: ${text(peerFiles)}`,
      result: `${own.files} files`,
      bar: `<= ${max} files`,
      met: own.files <= max,
    })
  }
  return rows
}

const ourFlags = ['--model', 'hello', '--no-install', '--no-git']
const viteFlags = ['--template', 'vanilla-ts', '--no-interactive']

interface Written {
  files: number
  bytes: number
}

/** Counts the files in a folder and its subfolders. */
function written(folder: string): Written {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  const files = paths.map((path) => statSync(join(folder, path))).filter((entry) => entry.isFile())
  return { files: files.length, bytes: files.reduce((sum, { size }) => sum + size, 0) }
}

const text = ({ files, bytes }: Written): string => `${files}, ${Math.round(bytes / 1000)} kB`
