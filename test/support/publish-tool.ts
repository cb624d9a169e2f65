/**
 * Vitest's globalSetup, which packs the tool once for the whole run and publishes it in a registry. The registry has the
 * packages that existed at the date of the locks. npm uses it in the environment of the tests.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { packPackage } from '../../scripts/publish/package.ts'
import { startRegistry } from './registry.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The path of the tool's tarball. */
    tarball: string
    /** The URL of the registry, without a trailing slash. */
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
