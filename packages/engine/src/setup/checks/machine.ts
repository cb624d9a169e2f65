import { freeDiskBytes } from '../machine/disk-space.ts'
import { isOlderVersion } from '../machine/versions.ts'
import { huggingFaceCache } from '../models/hub-cache.ts'
import { fitsMemory } from '../models/memory.ts'
import { formatBytes } from '../terminal/format.ts'
import type { Check, Finding } from './check.ts'

/** The free space below which installing and downloading fails. An environment takes about 0.3 GB. */
const minimumDiskBytes = 1_000_000_000

export const node: Check = {
  name: 'Node',
  needs: [],
  run: () => assessNodeVersion(process.versions.node),
}

/** Returns whether the project's tools support a version of Node.js. */
export function assessNodeVersion(version: string): Finding {
  const major = Number.parseInt(version, 10)
  const old =
    isOlderVersion(version, '20.19') || major === 21 || (major === 22 && isOlderVersion(version, '22.12'))
  if (old) return { good: false, detail: version, fix: 'Install Node.js 22.12 or newer' }
  return { good: true, detail: major === 20 ? `${version} (out of support since April 2026)` : version }
}

export const disk: Check = {
  name: 'disk',
  needs: ['project'],
  run: async ({ project, environment }) => {
    const folders = [project.root, huggingFaceCache(environment)]
    const free = await Promise.all(folders.map(freeDiskBytes))
    const leastFree = Math.min(...free)
    const folder = folders[free.indexOf(leastFree)]
    return {
      good: leastFree >= minimumDiskBytes,
      detail: `${formatBytes(leastFree)} free`,
      fix: `Free up disk space: less than ${formatBytes(minimumDiskBytes)} is left for ${folder}`,
    }
  },
}

export const memory: Check = {
  name: 'memory',
  needs: ['MLX'],
  run: async (context) => {
    const bytes = (await context.configuredModel())?.bytes ?? (await context.missingModel())?.weightBytes
    if (bytes === undefined) return { good: undefined, detail: 'the size of the model is unknown' }
    const { memoryLimitBytes } = await (await context.engine()).status()
    return assessMemory(bytes, memoryLimitBytes)
  },
}

/** Returns whether a model and its KV cache fit into the memory limit for models. */
export function assessMemory(modelBytes: number, limitBytes: number): Finding {
  return {
    good: fitsMemory(modelBytes, limitBytes),
    detail: `model of ${formatBytes(modelBytes)}, limit of ${formatBytes(limitBytes)}`,
    fix: 'Choose a smaller model, or one with fewer bits per weight, in mlx.config.json',
  }
}
