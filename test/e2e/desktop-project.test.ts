/** A desktop app as generated: every script passes on a Node that Electron's tools support, without Electron's binary. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { runInDesktop } from '../support/desktop-environment.ts'
import { copyDesktopProject } from '../support/desktop-project.ts'
import { installTool } from '../support/install-tool.ts'
import { nodeFolder } from '../support/node-binaries.ts'
import { createSandbox } from '../support/package-manager-sandbox.ts'
import { projectTestsMs } from '../support/time-limits.ts'

const folder = mkdtempSync(join(tmpdir(), 'create mlx desktop é '))
const project = join(folder, 'my desk é')
const npm = (...flags: string[]) => runInDesktop(project, 'npm', flags)
const filesIn = (path: string) => readdirSync(join(project, path)).filter((name) => /\.c?js$/.test(name))

let bin = ''
beforeAll(async () => {
  await copyDesktopProject(project)
  bin = await installTool(folder)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('every script passes as generated', () => {
  test.each(['lint', 'typecheck', 'build'])('%s', async (script) => {
    const { all, exitCode } = await npm('run', script)
    expect(exitCode, all).toBe(0)
  })

  test(
    'test runs the tests of main and preload on real MLX',
    async () => {
      const { all, exitCode } = await npm('test')
      expect(exitCode, all).toBe(0)
      expect(Number(/Tests +(\d+) passed/.exec(all)?.[1])).toBeGreaterThan(80)
      expect(all).not.toContain('skipped')
    },
    projectTestsMs,
  )
})

test('the built app needs no node_modules', () => {
  const allowed = new Set(['electron', ...builtinModules, ...builtinModules.map((name) => `node:${name}`)])
  for (const name of filesIn('out/main')) {
    const code = readFileSync(join(project, 'out/main', name), 'utf8')
    const imported = Array.from(
      code.matchAll(/^import (?:[^'"]* from )?["']([^'"]+)["']/gm),
      ([, from]) => from,
    )
    const foreign = imported.filter((from = '') => !from.startsWith('./') && !allowed.has(from))
    expect({ name, foreign }).toEqual({ name, foreign: [] })
  }
  expect(filesIn('out/preload')).toEqual(['index.cjs'])
  expect(readFileSync(join(project, 'out/preload/index.cjs'), 'utf8').match(/require\([^)]*\)/g)).toEqual([
    'require("electron")',
  ])
})

test('the built page has no inline script or style, so that it runs under its Content-Security-Policy', () => {
  const html = readFileSync(join(project, 'out/renderer/index.html'), 'utf8')
  expect(html).toMatch(/<script type="module" crossorigin src="\.\/assets\/[\w-]+\.js"><\/script>/)
  expect(html).not.toMatch(/<style|style=|<script>| on\w+=|data:/)
})

describe('on an older Node', () => {
  test.each(['dev', 'start', 'build', 'package', 'test'])(
    'the script %s says what it needs',
    async (script) => {
      const PATH = [await nodeFolder('20.19.0'), process.env.PATH].join(delimiter)
      const { all, exitCode } = await runInDesktop(project, 'npm', ['run', script], { env: { PATH } })
      expect(exitCode).toBe(1)
      expect(all).toContain('This project needs Node 22.12 or newer, and this is Node 20.19.0.')
    },
  )

  test('the tool creates the project, and installs nothing', async () => {
    const node = join(await nodeFolder('20.19.0'), 'node')
    const flags = ['older', '--yes', '--desktop', '--model', 'hello', '--no-git']
    const { all, exitCode } = await execa(node, [bin, ...flags], { cwd: folder, all: true, stdin: 'ignore' })
    expect(exitCode).toBe(0)
    expect(all).toContain(
      'The project was not installed: It needs Node 22.12 or newer, and this is Node 20.19.0. Install a newer Node first.',
    )
    expect(all).toContain('npm install\n  npm run setup\n  npm start')
    expect(existsSync(join(folder, 'older', 'package.json'))).toBe(true)
    expect(existsSync(join(folder, 'older', 'node_modules'))).toBe(false)
  })
})

/** Each takes a minute. Yarn and Bun run with SOAK=1. */
const managers = ['pnpm', ...(process.env.SOAK === '1' ? (['yarn', 'bun'] as const) : [])] as const

test.each(managers)('%s installs it, and the scripts run', async (manager) => {
  const home = join(folder, manager)
  mkdirSync(home)
  const sandbox = await createSandbox(manager, home, inject('registry'), await nodeFolder('22.23.5'))
  const flags = `--yes --desktop --model hello --no-git --no-install --package-manager ${manager}`
  for (const line of [
    `node "${bin}" app ${flags}`,
    `cd app && ${manager} install`,
    `cd app && ${manager} run typecheck`,
    `cd app && ${manager} run build`,
  ]) {
    const { all, exitCode } = await sandbox.shell(line, { cwd: home })
    expect(exitCode, `${line}\n${all}`).toBe(0)
  }
})
