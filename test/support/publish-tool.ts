/**
 * Vitest's globalSetup: the tool is packed once for a whole run, and published in a registry that has what there was at the
 * date of the locks. Whatever runs npm with the environment of the tests gets its packages there.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { packPackage } from '../../scripts/publish/package.ts'
import { startRegistry } from './registry.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Path of the tool's tarball. */
    tarball: string
    /** Address of the registry that has it, without a slash at the end. */
    registry: string
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), 'create-mlx-app-published-'))
  const { tarball } = await packPackage(folder)
  const registry = await startRegistry({ tarballs: [tarball], kept: false })
  project.provide('tarball', tarball)
  project.provide('registry', registry.url)
  const before = { npm_config_registry: process.env.npm_config_registry }
  process.env.npm_config_registry = `${registry.url}/`
  return async () => {
    if (before.npm_config_registry === undefined) delete process.env.npm_config_registry
    else process.env.npm_config_registry = before.npm_config_registry
    await registry[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  }
}
