import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'microsoft-edge']
const applications = ['Google Chrome', 'Chromium', 'Microsoft Edge']

/**
 * The browser that the tests of the page use: what CHROMIUM_PATH names, or one that is installed. Debian's is
 * installed where that needs no password. Undefined where there is none.
 *
 * @throws Error that names what to run, where CI is set: there, no test is skipped.
 */
export function findChromium(): string | undefined {
  const found = process.env.CHROMIUM_PATH ?? installed() ?? fromDebian()
  if (found !== undefined) return found
  const remedy =
    process.platform === 'darwin'
      ? 'brew install --cask chromium'
      : 'sudo apt-get install -y chromium, or set CHROMIUM_PATH'
  if (process.env.CI) throw new Error(`The page is tested in Chromium, and there is none: ${remedy}`)
  console.warn(`Skipped the tests of the page, for want of Chromium: ${remedy}`)
  return undefined
}

function installed(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter)
  const paths = [
    ...names.flatMap((name) => folders.map((folder) => join(folder, name))),
    ...applications.map((name) => `/Applications/${name}.app/Contents/MacOS/${name}`),
  ]
  return paths.find((path) => existsSync(path))
}

function fromDebian(): string | undefined {
  if (!existsSync('/etc/debian_version') || process.getuid?.() !== 0) return undefined
  const run = (...command: string[]) =>
    execFileSync('apt-get', command, {
      stdio: 'ignore',
      timeout: 300_000,
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    })
  try {
    run('update')
    run('install', '-y', '--no-install-recommends', 'chromium')
  } catch {
    // No network, or no such package: as if there were no apt-get.
    return undefined
  }
  return installed()
}
