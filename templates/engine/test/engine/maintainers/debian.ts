import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/**
 * A program of a Debian package, which is installed when it is missing and this is Debian's root, or CI, where sudo
 * asks for no password.
 *
 * @returns its path
 * @throws Error that names the package where it can't be had.
 */
export function programOfDebian(program: string, debianPackage: string = program): string {
  const found = onPath(program) ?? install(program, debianPackage)
  if (found !== undefined) return found
  throw new Error(`This test needs ${program}. On Debian: apt-get install ${debianPackage}`)
}

function install(program: string, debianPackage: string): string | undefined {
  const isRoot = process.getuid?.() === 0
  if (!existsSync('/etc/debian_version') || !(isRoot || process.env.CI)) return undefined
  const [command = '', ...before] = [...(isRoot ? [] : ['sudo', '--non-interactive']), 'apt-get']
  const apt = (...words: string[]) =>
    execFileSync(command, [...before, '-qq', '-o', 'DPkg::Lock::Timeout=120', ...words], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      stdio: ['ignore', 'ignore', 'inherit'],
    })
  apt('update')
  apt('install', '--yes', '--no-install-recommends', debianPackage)
  return onPath(program)
}

function onPath(program: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return folders.map((folder) => join(folder, program)).find((path) => existsSync(path))
}
