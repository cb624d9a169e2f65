/**
 * A release as users get it: the tool, mlx-app and mlx-app-server in a registry, and projects whose packages come from there.
 * What is the same in the build from a checkout is tried in the other files.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { packRelease } from '../../scripts/publish/package.ts'
import { type PackageManager, packageManagers } from '../../src/choices.ts'
import { frozenInstallCommand } from '../../src/package-manager.ts'
import { version } from '../../src/version.ts'
import { answerTo } from '../support/hello.ts'
import { nodeFolder } from '../support/node-binaries.ts'
import { createSandbox } from '../support/package-manager-sandbox.ts'
import { type Registry, startRegistry } from '../support/registry.ts'

const folder = mkdtempSync(join(tmpdir(), 'create mlx release é '))
const managers = packageManagers.map(({ value }) => value)
const manifestSchema = z.object({ dependencies: z.record(z.string(), z.string()) })
let registry: Registry

beforeAll(async () => {
  const released = join(folder, 'released')
  const { npm } = await packRelease(released, 'ada/create-mlx-app')
  registry = await startRegistry({ tarballs: Array.from(npm.values(), ({ tarball }) => tarball) })
})
afterAll(async () => {
  await registry?.[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

async function machineOf(manager: PackageManager) {
  const home = join(folder, manager)
  mkdirSync(home)
  // The newest npm runs on newer versions of Node alone.
  return createSandbox(manager, home, registry.url, manager === 'npm' ? await nodeFolder('24') : undefined)
}

describe.each(managers)('with %s', (manager) => {
  test('a server project has its packages from the registry, and its model answers', async () => {
    const machine = await machineOf(manager)
    const parent = join(folder, `${manager} work`)
    const project = join(parent, 'my-app')
    mkdirSync(parent)
    const separator = manager === 'npm' ? '-- ' : ''
    const flags = '--yes --template server --model hello'
    const created = await machine.shell(`${manager} create mlx-app@latest my-app ${separator}${flags}`, {
      cwd: parent,
    })
    expect(created.exitCode, created.all).toBe(0)
    expect(existsSync(join(project, 'vendor'))).toBe(false)
    const manifest: unknown = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'))
    expect(manifestSchema.parse(manifest).dependencies).toMatchObject({
      'mlx-app': version,
      'mlx-app-server': version,
    })

    const options = { cwd: project, env: { PORT: '0' } }
    await machine.until(/Listening on \S+\n/, `${manager} run start`, options, async (seen) => {
      const [, url = ''] = /Listening on (\S+)/.exec(seen) ?? []
      await expect.poll(async () => (await fetch(`${url}/ready`)).status).toBe(200)
      const response = await fetch(`${url}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ messages: [{ role: 'user', content: 'Who are you?' }] }),
      })
      expect(await response.text()).toContain(JSON.stringify(answerTo('Who are you?')).slice(1, -1))
    })

    rmSync(join(project, 'node_modules'), { recursive: true })
    const install = frozenInstallCommand(manager).split(' && ').at(-1) ?? ''
    const again = await machine.shell(install, { cwd: project, env: { CI: 'true' } })
    expect(again.exitCode, again.all).toBe(0)
    expect((await machine.shell('npm run typecheck', { cwd: project })).exitCode).toBe(0)
  })
})
