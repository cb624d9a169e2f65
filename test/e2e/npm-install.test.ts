/** How npm is run in a new project, by the real npm and a registry on this machine that has its troubles. */
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { join } from 'node:path'
import { execa } from 'execa'
import { expect, it, onTestFinished } from 'vitest'
import { installWithNpm } from '../../src/install/npm.ts'
import { temporaryFolder, writeTree } from '../support/folders.ts'

/** A registry that answers as it is told. @returns its address. */
async function registry(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('It has no port')
  return `http://127.0.0.1:${address.port}/`
}

/** Installs a project that needs one package. @returns the retries of each try, and why the last one failed. */
async function install(url: string) {
  const folder = temporaryFolder()
  const project = join(folder, 'my app')
  writeTree(project, { 'package.json': '{ "private": true, "dependencies": { "some-package": "^1.0.0" } }' })
  mkdirSync(join(folder, 'home'))
  const environment = {
    PATH: process.env.PATH,
    HOME: join(folder, 'home'),
    npm_config_registry: url,
    npm_config_audit: 'false',
    npm_config_update_notifier: 'false',
  }
  const tries: (string | undefined)[] = []
  const failure = await installWithNpm(project, environment, async (env) => {
    tries.push(env.npm_config_fetch_retries)
    const { exitCode } = await execa('npm', ['install'], {
      cwd: project,
      env,
      extendEnv: false,
      reject: false,
    })
    return exitCode === 0 ? undefined : `exit ${exitCode}`
  })
  return { tries, failure, logs: existsSync(join(project, '.mlx', 'npm-logs')), project }
}

it('tries again, with retries, after a connection that was lost', async () => {
  const folder = temporaryFolder('package')
  writeTree(folder, { 'package.json': '{ "name": "some-package", "version": "1.2.3" }' })
  await execa('npm', ['pack'], { cwd: folder })
  let requests = 0
  const url = await registry((request, response) => {
    requests++
    // The first try, and the first request of the second.
    if (requests <= 2) return void request.socket.destroy()
    if (request.url?.endsWith('.tgz'))
      return void response.end(readFileSync(join(folder, 'some-package-1.2.3.tgz')))
    const version = {
      name: 'some-package',
      version: '1.2.3',
      dist: { tarball: `${url}some-package-1.2.3.tgz` },
    }
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ 'dist-tags': { latest: '1.2.3' }, versions: { '1.2.3': version } }))
  })
  const outcome = await install(url)
  expect(outcome).toMatchObject({ tries: ['0', undefined], failure: undefined, logs: false })
  expect(existsSync(join(outcome.project, 'node_modules', 'some-package'))).toBe(true)
})

it('gives up on a registry that stays busy, and says so', async () => {
  const url = await registry((_, response) => response.writeHead(503).end('{}'))
  expect(await install(url)).toMatchObject({
    tries: ['0', undefined],
    failure: expect.stringMatching(/^exit 1, because npm could not download a package \(E503; see /),
    logs: true,
  })
})

it('does not retry a permanent failure', async () => {
  const url = await registry((_, response) => response.writeHead(404).end('{}'))
  expect(await install(url)).toMatchObject({ tries: ['0'], failure: 'exit 1', logs: true })
})
