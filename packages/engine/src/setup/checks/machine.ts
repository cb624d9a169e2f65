import { freeBytes, huggingFaceCache } from '../machine/disk-space.ts'
import { isOlderVersion } from '../machine/platform-support.ts'
import { fitsMemory } from '../models/memory.ts'
import { formatBytes } from '../terminal/format.ts'
import type { Check, Finding } from './check.ts'

/** An environment takes about 0.3 GB; with less than this left nothing can be installed or downloaded any more. */
const leastDiskBytes = 1_000_000_000

export const node: Check = {
  name: 'Node',
  needs: [],
  run: () => assessNodeVersion(process.versions.node),
}

/** Whether a version of Node is one that the project's tools run on. */
export function assessNodeVersion(version: string): Finding {
  const major = Number.parseInt(version, 10)
  const old =
    isOlderVersion(version, '20.19') || major === 21 || (major === 22 && isOlderVersion(version, '22.12'))
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

export const memory: Check = {
  name: 'memory',
  needs: ['MLX computes'],
  run: async (findings) => {
    const engine = await findings.engine()
    const { model } = findings.project.config
    const found = (await engine.models()).find((candidate) => candidate.model === model)
    const bytes = found?.bytes ?? (await findings.missing())?.weightBytes
    if (bytes === undefined) return { good: undefined, detail: 'the size of the model is not known' }
    return assessMemory(bytes, (await engine.status()).memoryLimitBytes)
  },
}

/** Whether a model's weights fit into what models may take, with something left for the KV cache. */
export function assessMemory(modelBytes: number, limitBytes: number): Finding {
  return {
    good: fitsMemory(modelBytes, limitBytes),
    detail: `${formatBytes(limitBytes)} for a model of ${formatBytes(modelBytes)}`,
    mend: 'Name a smaller or more strongly quantised model in mlx.config.json',
  }
}
