/** A desktop app as a user creates and installs it, once for all test files of a run: it takes most of a minute. */
import { cpSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, inject, vi } from 'vitest'
import { runInDesktop } from './desktop-environment.ts'
import { installTool } from './install-tool.ts'

/** What an installation creates. Copies of the app have links to it. */
const installed = ['node_modules', '.mlx']

/**
 * Copies the desktop app `my-desk` with the hello model to a folder. The copy shares the installed packages.
 *
 * @param folder a folder that doesn't exist.
 */
export async function copyDesktopProject(folder: string): Promise<void> {
  const original = await installedProject()
  const links = installed.map((name) => join(original, name))
  cpSync(original, folder, { recursive: true, filter: (path) => !links.includes(path) })
  for (const name of installed) symlinkSync(join(original, name), join(folder, name))
}

/** Returns the folder of the installed app. The first caller of the run creates it, and the others wait. */
async function installedProject(): Promise<string> {
  const home = join(dirname(inject('tarball')), 'desktop')
  const [ready, failure] = [join(home, 'ready'), join(home, 'failure')]
  const project = join(home, 'my-desk')
  try {
    mkdirSync(home)
  } catch {
    // Another test file has begun.
    await vi.waitUntil(() => existsSync(ready) || existsSync(failure), { timeout: 500_000, interval: 200 })
    if (existsSync(failure))
      throw new Error('The desktop app could not be created. Another test file tells why.')
    return project
  }
  try {
    const bin = await installTool(home)
    const flags = [
      'my-desk',
      '--yes',
      '--template',
      'desktop',
      '--model',
      'hello',
      '--author',
      'Ada',
      '--no-git',
    ]
    const { all, exitCode } = await runInDesktop(home, bin, flags)
    expect(exitCode, all).toBe(0)
    writeFileSync(ready, '')
    return project
  } catch (error) {
    writeFileSync(failure, String(error))
    throw error
  }
}
