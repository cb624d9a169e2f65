/** An update of the desktop app on Linux, from a feed to the installed file. electron-updater downloads and checks it. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { desktopEnvironment, runInDesktop } from '../support/desktop-environment.ts'
import { copyDesktopProject } from '../support/desktop-project.ts'
import { temporaryFolder, writeTree } from '../support/folders.ts'

const home = mkdtempSync(join(tmpdir(), 'desktop update é '))
afterAll(() => rmSync(home, { recursive: true, force: true }))
const project = join(home, 'my-desk')
const support = (name: string) => fileURLToPath(new URL(`../support/${name}`, import.meta.url))

beforeAll(() => copyDesktopProject(project))

/** Returns a program that prints its version, and is large enough to be sent in several parts. */
const appOf = (version: string) => `#!/bin/sh\necho "${version}"\nexit 0\n${'#\n'.repeat(500_000)}`

/** Serves an update of an installed app. @param served what is downloaded, which may differ from what the feed announces. */
async function serveUpdate(served: string, isComplete = true) {
  const folder = temporaryFolder('installed é')
  const app = join(folder, 'apps', 'My Desk.AppImage')
  const feed = 'provider: generic\nurl: none\nupdaterCacheDirName: my-desk-updater\n'
  writeTree(folder, { 'apps/My Desk.AppImage': appOf('1.0.0'), 'cache/app-update.yml': feed })
  chmodSync(app, 0o755)
  const sha512 = createHash('sha512').update(appOf('2.0.0')).digest('base64')
  const file = { url: 'my-desk-x86_64.AppImage', sha512, size: appOf('2.0.0').length }
  const server = createServer((request, response) => {
    if (request.url?.startsWith('/latest-linux.yml')) {
      response.end(
        JSON.stringify({ version: '2.0.0', files: [file], releaseDate: '2026-01-01T00:00:00.000Z' }),
      )
    } else if (isComplete) response.end(served)
    else
      response
        .writeHead(200, { 'content-length': served.length })
        .write(served.slice(0, 100_000), () => server.emit('half'))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close().closeAllConnections())
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const flags = [project, app, `http://127.0.0.1:${port}`, join(folder, 'cache')]
  const command = [
    '--no-warnings',
    '--import',
    support('killed-update.ts'),
    support('desktop-update.ts'),
    ...flags,
  ]
  return { server, app, command }
}

/** Runs the app until it has installed the update. @param killedAt the change of a file before which it is killed. */
const runApp = (command: string[], killedAt = 0) =>
  runInDesktop(project, 'node', command, { env: { KILLED_AT: String(killedAt) } })

const versionOf = async (app: string) => (await execa(app)).stdout

it('downloads the new version and installs it when the app quits', async () => {
  const { app, command } = await serveUpdate(appOf('2.0.0'))
  const { all, exitCode } = await runApp(command)
  expect(exitCode, all).toBe(0)
  expect(all).toMatch(/^2\.0\.0\n/)
  expect(await versionOf(app)).toBe('2.0.0')
  expect(readdirSync(join(app, '..'))).toEqual(['My Desk.AppImage'])
})

it('leaves an app that works if it is killed at any step, and the next update succeeds', async () => {
  const { all } = await runApp((await serveUpdate(appOf('2.0.0'))).command)
  const changes = Number(/(\d+) changes$/.exec(all)?.[1])
  expect(changes).toBeGreaterThan(4)
  const left: string[] = []
  for (let step = 1; step <= changes; step += 1) {
    const { app, command } = await serveUpdate(appOf('2.0.0'))
    expect((await runApp(command, step)).exitCode).toBeUndefined()
    const version = await versionOf(app)
    expect(readFileSync(app, 'utf8') === appOf(version), `step ${step}`).toBe(true)
    left.push(version)
    expect((await runApp(command)).exitCode).toBe(0)
    expect(await versionOf(app)).toBe('2.0.0')
    expect(readdirSync(join(app, '..'))).toEqual(['My Desk.AppImage'])
  }
  expect(new Set(left)).toEqual(new Set(['1.0.0', '2.0.0']))
})

it('refuses a file that is not the announced one', async () => {
  const { app, command } = await serveUpdate(appOf('6.6.6'))
  const { all, exitCode } = await runApp(command)
  expect(exitCode).not.toBe(0)
  expect(all).toContain('sha512 checksum mismatch')
  expect(await versionOf(app)).toBe('1.0.0')
})

it('keeps the old version if the app is killed during the download', async () => {
  const { server, app, command } = await serveUpdate(appOf('2.0.0'), false)
  const running = execa('node', command, { env: await desktopEnvironment(), cwd: project, reject: false })
  await once(server, 'half')
  running.kill('SIGKILL')
  expect((await running).signal).toBe('SIGKILL')
  expect(readFileSync(app, 'utf8') === appOf('1.0.0')).toBe(true)
  expect(await versionOf(app)).toBe('1.0.0')
})
