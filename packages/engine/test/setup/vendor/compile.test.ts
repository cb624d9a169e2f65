/** Compiling, which starts processes of its own. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, expect, test } from 'vitest'
import { program } from '../../../../../test/support/programs/find.ts'
import { needs } from '../../../../../test/support/programs/needs.ts'
import { findInterpreter, findProject } from '../../../src/engine/project/index.ts'
import { compileFolders } from '../../../src/setup/vendor/build/compile.ts'
import { listFiles } from '../../../src/setup/vendor/files.ts'

const folder = mkdtempSync(join(tmpdir(), 'vendor-compile-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const { python } = findInterpreter(findProject(import.meta.dirname))

/** Returns the command lines of processes that have the folder in them. */
async function running(): Promise<string[]> {
  const { stdout } = await execa(program('ps'), ['-A', '-ww', '-o', 'args='])
  return stdout.split('\n').filter((line) => line.includes(folder))
}

test('leaves no process behind when it is stopped, and skips broken files', needs('ps'), async () => {
  writeFileSync(join(folder, 'broken.py'), 'def')
  for (let index = 0; index < 60; index++) {
    writeFileSync(join(folder, `module${index}.py`), 'value = [1, 2, 3]\n'.repeat(4000))
  }
  const stopped = new AbortController()
  const options = { environment: process.env, directory: folder }
  const compiling = compileFolders(python, [folder], folder, { ...options, signal: stopped.signal })
  const ended = expect(compiling).rejects.toMatchObject({ code: 'ABORTED' })
  // Itself and at least one more.
  await expect.poll(async () => (await running()).length).toBeGreaterThan(1)
  stopped.abort()
  await ended
  await expect.poll(running).toEqual([])

  await compileFolders(python, [folder], folder, options)
  const compiled = (await listFiles(folder)).filter(({ name }) => name.endsWith('.pyc'))
  expect(compiled.length).toBe(60)
})
