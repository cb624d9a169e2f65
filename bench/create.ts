import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import type { TemplateId } from '../src/choices.ts'
import { vendorFolder } from '../src/packages.ts'
import { interleave, median, rounds, time } from './measure.ts'
import { atMost, milliseconds, type Row } from './table.ts'
import { builtTool, createWorkspace, installPeer, memoryFolder } from './workspace.ts'

const peerVersion = '9.3.0'
const peerName = `create-vite ${peerVersion} vanilla-ts`
const bar = 1
/** DESIGN's, for files beside `vendor/`. */
const mostFiles = { node: 50, server: 40 } as const satisfies Record<TemplateId, number>

/**
 * Creating a project without installing anything, in memory, beside create-vite: by the tool as it is released, and as it
 * is built from a checkout, which writes the packages into the project too. Medians of 41. Then what was written.
 */
export async function benchCreate(workspace: string): Promise<Row[]> {
  const released = join(await builtTool(workspace, 'registry'), 'dist', 'index.js')
  const vendored = join(await builtTool(workspace, 'vendor'), 'dist', 'index.js')
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
  const beside = written(await peer('vite-written'))
  for (const template of ['node', 'server'] as const) {
    const own = written(await ours(released, `${template}-released`, template))
    const carried = written(join(await ours(vendored, `${template}-vendored`, template), vendorFolder))
    const most = mostFiles[template]
    rows.push({
      what: `files written, ${template} (from a checkout, beside them in ${vendorFolder}/)`,
      ours: `${text(own)} (${text(carried)})`,
      peer: `${peerName}: ${text(beside)}`,
      result: `${own.files} files`,
      bar: `<= ${most} files`,
      met: own.files <= most,
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

/** What is in a folder and below it. */
function written(folder: string): Written {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  const files = paths.map((path) => statSync(join(folder, path))).filter((entry) => entry.isFile())
  return { files: files.length, bytes: files.reduce((sum, { size }) => sum + size, 0) }
}

const text = ({ files, bytes }: Written): string => `${files}, ${Math.round(bytes / 1000)} kB`
