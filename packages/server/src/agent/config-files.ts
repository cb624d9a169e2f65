import { chmodSync, mkdirSync, readdirSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

/** Writes a value as JSON, unless the file exists. */
export function writeOnce(path: string, value: object): void {
  ignoring('EEXIST', () => writeFileSync(path, JSON.stringify(value), { flag: 'wx' }))
}

/** Writes variables to a file that only the user can read, in the format of python-dotenv. */
export function writeVariables(path: string, variables: Readonly<Record<string, string>>): void {
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${JSON.stringify(value)}\n`)
  writeFileSync(path, lines.join(''), { mode: 0o600 })
  // The mode is that of a new file only.
  chmodSync(path, 0o600)
}

/**
 * Returns a folder for XDG_CONFIG_HOME that links to the user's configuration of all programs except one, such as that of git,
 * which agents run. What programs create there stays, and so do links that another session uses.
 */
export function mirrorConfigFolder(folder: string, except: string): string {
  const mirror = join(folder, 'config')
  const source = resolve(process.env.XDG_CONFIG_HOME || join(homedir(), '.config'))
  mkdirSync(join(mirror, except), { recursive: true })
  // An agent that runs this command has the mirror as its own folder.
  if (source === resolve(mirror)) return mirror
  const names = list(source).filter((name) => name !== except)
  for (const entry of readdirSync(mirror, { withFileTypes: true })) {
    const { name } = entry
    if (entry.isSymbolicLink() && !(names.includes(name) && linksTo(join(mirror, name), join(source, name))))
      rmSync(join(mirror, name), { force: true })
  }
  for (const name of names) ignoring('EEXIST', () => symlinkSync(join(source, name), join(mirror, name)))
  return mirror
}

function linksTo(link: string, target: string): boolean {
  return ignoring('ENOENT', () => readlinkSync(link) === target) ?? false
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    // Users without this folder have no configuration to link to.
    return []
  }
}

/** Returns what an action returns, or undefined if it fails with the given code. */
function ignoring<Value>(code: string, action: () => Value): Value | undefined {
  try {
    return action()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === code) return undefined
    throw error
  }
}
