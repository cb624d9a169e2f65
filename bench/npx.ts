import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { version } from '../src/version.ts'
import { startRegistry } from '../test/support/registry.ts'
import { interleave, median, rounds, time } from './measure.ts'
import { packTool } from './package.ts'
import { atMost, milliseconds, type Row, ratio } from './table.ts'
import { createWorkspace, memoryFolder } from './workspace.ts'

/** A scaffolding tool that `npx` runs. */
interface Scaffolder {
  specification: string
  flags: (name: string) => readonly string[]
  /** The highest allowed ratio to this tool with an empty npm cache. */
  coldBar?: number
}

const ours: Scaffolder = {
  specification: `create-mlx-app@${version}`,
  flags: (name) => [name, '--yes', '--template', 'node', '--model', 'hello', '--no-install', '--no-git'],
}
const peers: readonly Scaffolder[] = [
  {
    specification: 'create-vite@9.3.0',
    flags: (name) => [name, '--template', 'vanilla-ts', '--no-interactive'],
    coldBar: 1,
  },
  { specification: 'create-vue@3.24.0', flags: (name) => [name, '--typescript', '--bare'] },
  {
    specification: 'create-node-llama-cpp@3.21.1',
    flags: (name) => ['--name', name, '--template', 'node-typescript', '--model', 'hf:owner/name/model.gguf'],
  },
]
const sides = [ours, ...peers]

/**
 * Measures the time from `npx` to a created project for the released tool and its peers, all from one local registry, with an
 * empty npm cache (medians of 3) and a warm one (medians of 7).
 */
export async function benchNpx(workspace: string): Promise<Row[]> {
  await using registry = await startRegistry({ tarballs: [(await packTool(workspace, 'registry')).path] })
  await using projects = await createWorkspace(memoryFolder())
  const cacheOf = (side: Scaffolder) => join(projects.path, `cache of ${side.specification}`)
  const run = (side: Scaffolder, name: string) =>
    time(() =>
      execa('npx', ['--yes', side.specification, ...side.flags(name)], {
        cwd: projects.path,
        stdin: 'ignore',
        env: {
          npm_config_registry: registry.url,
          npm_config_cache: cacheOf(side),
          npm_config_update_notifier: 'false',
        },
      }),
    )
  const cold = await interleave(
    rounds(3),
    sides.map((side, place) => async (round) => {
      await rm(cacheOf(side), { recursive: true, force: true })
      return await run(side, `cold-${place}-${round}`)
    }),
  )
  const warm = await interleave(
    rounds(7),
    sides.map((side, place) => (round) => run(side, `warm-${place}-${round}`)),
  )
  return [...rows('`npx`, empty cache', cold, true), ...rows('`npx`, warm cache', warm, false)]
}

function rows(what: string, times: readonly number[][], cold: boolean): Row[] {
  const [own = Number.NaN, ...others] = times.map(median)
  return peers.map(({ specification, coldBar }, place) => {
    const other = others[place] ?? Number.NaN
    return {
      what,
      ours: milliseconds(own),
      peer: `${specification.replace('@', ' ')}: ${milliseconds(other)}`,
      ...(cold && coldBar !== undefined ? atMost(own / other, coldBar) : { result: ratio(own / other) }),
    }
  })
}
