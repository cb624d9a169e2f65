/** Starts the server of the Python package, from its sources and with the hello model on the CPU. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, vi } from 'vitest'
import { ensureEnvironment } from '../../../scripts/environment.ts'
import { pythonDirectory } from '../../engine/src/package-files.ts'
import type { CaseServer } from './api-case-runner.ts'

const program = join(import.meta.dirname, 'python/server_program.py')
const lists = ['template_options']
const texts = ['models_directory']
const readyMs = 120_000

/**
 * Starts the server, and resolves when its model is in memory.
 *
 * @param environment settings as the Node server has them: `MAX_TOKENS` is `max_tokens` in Python.
 * @param own settings of `ServerSettings`.
 */
export async function startPythonServer(
  environment: Record<string, string> = {},
  own: Record<string, unknown> = {},
): Promise<CaseServer> {
  const settings = { port: 0, device: 'cpu', log_level: 'silent', ...toSettings(environment), ...own }
  const child = spawn(await ensureEnvironment(), [program, JSON.stringify(settings)], {
    env: {
      ...process.env,
      PYTHONPATH: join(pythonDirectory, 'src'),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const cut = async () => {
    if (child.exitCode !== null) return
    child.kill('SIGTERM')
    await once(child, 'exit')
  }
  for await (const line of createInterface(child.stdout)) {
    const url = /http:\S+/.exec(line)?.[0]
    if (url === undefined) continue
    await waitUntilReady(url)
    return { url, cut }
  }
  throw new Error('The server ended before it listened.')
}

function toSettings(environment: Record<string, string>): Record<string, unknown> {
  const entries = Object.entries(environment).map(([variable, value]) => {
    const name = variable.toLowerCase()
    if (texts.includes(name)) return [name, value]
    return [name, lists.includes(name) ? value.split(',') : Number(value)]
  })
  return Object.fromEntries(entries)
}

/** The server loads its model while it listens. */
function waitUntilReady(url: string): Promise<void> {
  const check = async () => expect((await fetch(`${url}/ready`)).status).toBe(200)
  return vi.waitFor(check, { timeout: readyMs, interval: 100 })
}
