import { existsSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { homedir, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { formatBytes } from '../format.ts'
import { isOlder } from '../support.ts'
import type { Check, Finding, Findings } from './check.ts'

/** An environment takes about 0.3 GB; with less than this left nothing can be installed or downloaded any more. */
const leastDiskBytes = 1_000_000_000

export const node: Check = {
  name: 'Node',
  needs: [],
  run: () => judgeNode(process.versions.node),
}

/** Whether a version of Node is one that the project's tools run on. */
export function judgeNode(version: string): Finding {
  const major = Number.parseInt(version, 10)
  const old = isOlder(version, '20.19') || major === 21 || (major === 22 && isOlder(version, '22.12'))
  if (old) return { good: false, detail: version, mend: 'Install Node 22.12 or newer' }
  return { good: true, detail: major === 20 ? `${version} (out of support since April 2026)` : version }
}

export const disk: Check = {
  name: 'disk',
  needs: ['project'],
  run: async ({ project, environment }) => {
    const places = [project.root, huggingFaceCache(environment)]
    const free = await Promise.all(places.map(freeBytes))
    const least = Math.min(...free)
    const place = places[free.indexOf(least)]
    return {
      good: least >= leastDiskBytes,
      detail: `${formatBytes(least)} free`,
      mend: `Make room: less than ${formatBytes(leastDiskBytes)} is left for ${place}`,
    }
  },
}

/** Free bytes of the file system that a path lies on or would lie on. */
async function freeBytes(path: string): Promise<number> {
  let existing = path
  while (!existsSync(existing)) existing = dirname(existing)
  const { bavail, bsize } = await statfs(existing)
  return bavail * bsize
}

/** Where Hugging Face's tools keep the models that they download. */
export function huggingFaceCache(environment: NodeJS.ProcessEnv): string {
  const cache = environment.XDG_CACHE_HOME ?? join(homedir(), '.cache')
  return environment.HF_HUB_CACHE ?? join(environment.HF_HOME ?? join(cache, 'huggingface'), 'hub')
}

export const memory: Check = {
  name: 'memory',
  needs: ['model'],
  run: async (findings) => {
    const bytes = await modelBytes(findings)
    if (bytes === undefined) return { good: undefined, detail: 'the size of the model is not known' }
    return judgeMemory(bytes, usableMemory())
  },
}

/** Whether a model's weights fit into memory with something left for the KV cache. */
export function judgeMemory(modelBytes: number, usableBytes: number): Finding {
  const needed = modelBytes * 1.2
  return {
    good: needed <= usableBytes,
    detail: `${formatBytes(usableBytes)} for a model of ${formatBytes(modelBytes)}`,
    mend: 'Name a smaller or more strongly quantised model in mlx.config.json',
  }
}

/** Bytes that a model may take: what the container allows; on a Mac the two thirds that Metal gives at least. */
function usableMemory(): number {
  const limit = process.constrainedMemory()
  const total = limit > 0 ? Math.min(limit, totalmem()) : totalmem()
  return process.platform === 'darwin' ? (total * 2) / 3 : total
}

async function modelBytes(findings: Findings): Promise<number | undefined> {
  const { model } = findings.project.config
  const models = await (await findings.engine()).models()
  return models.find((found) => found.model === model)?.bytes
}
