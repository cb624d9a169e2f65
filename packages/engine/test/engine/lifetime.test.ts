import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, test } from 'vitest'
import { isRunning, until, useFolder } from './support.ts'

const folder = useFolder()
const program = join(import.meta.dirname, 'lifetime-program.ts')

/** A program of its own that uses the engine; it prints a line when it has come so far. */
function start(scene: string): ChildProcess {
  return spawn(process.execPath, ['--import', 'tsx', program, scene, folder.path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('no output')
  const ended = once(child, 'close').then(([code]) => [`the program ended with code ${code}`])
  const [line] = await Promise.race([once(createInterface(child.stdout), 'line'), ended])
  return String(line)
}

describe('a parent that is killed leaves no worker behind', () => {
  test.each(['idle', 'starting', 'loading', 'prefilling', 'streaming'])('%s', async (scene) => {
    const parent = start(scene)
    const pid = Number(await firstLine(parent))
    expect(isRunning(pid)).toBe(true)
    parent.kill('SIGKILL')
    await once(parent, 'exit')
    await until(async () => !isRunning(pid))
  })
})

test('an idle engine does not keep the program from ending', async () => {
  const parent = start('forgotten')
  const pid = Number(await firstLine(parent))
  const [code] = await once(parent, 'exit')
  expect(code).toBe(0)
  await until(async () => !isRunning(pid))
})

test('a call in progress does', async () => {
  const parent = start('unawaited')
  expect(await firstLine(parent)).toMatch(/^\d+$/)
  const output: string[] = []
  parent.stdout?.on('data', (block: Buffer) => output.push(String(block)))
  await once(parent, 'close')
  expect(output.join('')).toContain('finished')
})
