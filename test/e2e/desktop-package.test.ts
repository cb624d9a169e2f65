/**
 * A desktop app that is packaged for Linux and for macOS, with stand-ins for Electron and the vendored Python: the layout, the
 * fuses, the archive, the signing of the code, and updates.
 */
import { createHash } from 'node:crypto'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { desktopEnvironment, runInDesktop } from '../support/desktop-environment.ts'
import { copyDesktopProject } from '../support/desktop-project.ts'
import { writeLinuxElectron, writeMacElectron } from '../support/electron/distribution.ts'
import { writeStandInInterpreter, writeVendoredPython } from '../support/electron/vendored-python.ts'
import { writeTree } from '../support/folders.ts'

const home = mkdtempSync(join(tmpdir(), 'desktop é '))
afterAll(() => rmSync(home, { recursive: true, force: true }))

const project = join(home, 'my desk')
const vendored = join(project, 'dist-ext-python')
/** Loads a package of the project. */
const load = createRequire(join(project, 'package.json'))

/** Packages the app with the stand-in for Electron: the last step of `npm run package`. */
const packageApp = (platform: 'darwin' | 'linux', env: NodeJS.ProcessEnv = {}) => {
  const target = platform === 'darwin' ? ['--mac', '--arm64'] : ['--linux', '--x64']
  const electron = `-c.electronDist=${join(home, `electron-${platform}`)}`
  const flags = ['--config', 'electron-builder.config.ts', '--dir', ...target, electron]
  return runInDesktop(project, join('node_modules', '.bin', 'electron-builder'), flags, { env })
}

beforeAll(async () => {
  await copyDesktopProject(project)
  writeMacElectron(join(home, 'electron-darwin'))
  writeLinuxElectron(join(home, 'electron-linux'))
  const { all, exitCode } = await runInDesktop(project, 'npm', ['run', 'build'])
  expect(exitCode, all).toBe(0)
})

/** Returns the files and links of a folder: their mode, first bytes and hash, or their target. */
function treeOf(folder: string, without: readonly string[] = []): Record<string, string> {
  const entries = readdirSync(folder, { withFileTypes: true }).filter(({ name }) => !without.includes(name))
  const found = entries.flatMap((entry): [string, string][] => {
    const path = join(folder, entry.name)
    if (entry.isSymbolicLink()) return [[entry.name, `-> ${readlinkSync(path)}`]]
    if (!entry.isDirectory()) {
      const content = readFileSync(path)
      const hash = createHash('sha256').update(content).digest('hex')
      return [
        [entry.name, `${(statSync(path).mode & 0o777).toString(8)} ${content.toString('hex', 0, 4)} ${hash}`],
      ]
    }
    return Object.entries(treeOf(path)).map(([name, content]) => [join(entry.name, name), content])
  })
  return Object.fromEntries(found)
}

const namesIn = (folder: string) => readdirSync(folder).sort()

describe('before it is packaged', () => {
  it('needs a Python', async () => {
    const { all, exitCode } = await packageApp('linux')
    expect(exitCode, all).not.toBe(0)
    expect(all).toMatch(/The app has no Python yet: .*vendor\.json is missing\. Run: npm run vendor\b/)
    expect(all).not.toContain('    at ')
  })

  it('needs a Python for the same system', async () => {
    writeVendoredPython(project, 'darwin', '0.0.0')
    const { all, exitCode } = await packageApp('linux')
    expect(exitCode, all).not.toBe(0)
    expect(all).toMatch(
      /The app is packaged for linux-x64, but its Python is for darwin-arm64\. Run: npm run vendor\b/,
    )
  })

  it('needs a Python with the same version', async () => {
    writeVendoredPython(project, 'linux', '0.0.0')
    const { all, exitCode } = await packageApp('linux', { VERSION: '1.2.3' })
    expect(exitCode, all).not.toBe(0)
    expect(all).toContain(
      'The app has version 1.2.3, but its Python is stamped 0.0.0. Run: VERSION=1.2.3 npm run vendor',
    )
  })

  it('needs a version that updates can compare', async () => {
    const { all, exitCode } = await packageApp('linux', { VERSION: 'next' })
    expect(exitCode, all).not.toBe(0)
    expect(all).toContain('VERSION must be a version such as 1.2.3, and it is "next".')
  })
})

describe.each([
  { platform: 'darwin', folder: 'mac-arm64/My Desk.app', resources: 'Contents/Resources' },
  { platform: 'linux', folder: 'linux-unpacked', resources: 'resources' },
] as const)('packaged for $platform', ({ platform, folder, resources }) => {
  const app = join(project, 'dist', folder)
  const inResources = (...path: string[]) => join(app, resources, ...path)
  const archive = inResources('app.asar')
  let before: Record<string, string>

  const sources = () => treeOf(project, ['dist', 'out', 'node_modules', '.mlx'])

  beforeAll(async () => {
    writeVendoredPython(project, platform, '1.2.3')
    before = sources()
    const { all, exitCode } = await packageApp(platform, { VERSION: '1.2.3' })
    expect(exitCode, all).toBe(0)
  })

  it('has the vendored Python, file by file', () => {
    expect(treeOf(inResources('python'))).toEqual(treeOf(join(vendored, 'python')))
    expect(treeOf(inResources('my-desk'))).toEqual(treeOf(join(vendored, 'my-desk')))
    expect(readFileSync(inResources('mlx.config.json'), 'utf8')).toContain('"hello"')
  })

  it('has nothing else in its resources', () => {
    const icons = platform === 'darwin' ? ['electron.icns', 'icon.icns'] : []
    const own = ['app.asar', 'mlx.config.json', 'my-desk', 'python']
    // Without app-update.yml there is no feed, so the app looks for no updates.
    expect(namesIn(inResources())).toEqual([...own, ...icons].sort())
  })

  it('has only what runs in its archive', () => {
    const { listPackage }: { listPackage: (path: string, options: object) => string[] } =
      load('@electron/asar')
    const files = listPackage(archive, { isPack: false })
    expect(files).toEqual(
      expect.arrayContaining([
        '/package.json',
        '/out/main/index.js',
        '/out/preload/index.cjs',
        '/out/renderer/index.html',
      ]),
    )
    expect(files.filter((path) => !/^\/(package\.json|out(\/.*)?)$/.test(path))).toEqual([])
    expect(files.filter((path) => /\.(ts|tsx|map)$/.test(path))).toEqual([])
  })

  it('has the version in its package.json and its Python, and leaves the work tree as it was', () => {
    const { extractFile }: { extractFile: (path: string, file: string) => Buffer } = load('@electron/asar')
    expect(JSON.parse(extractFile(archive, 'package.json').toString())).toMatchObject({
      version: '1.2.3',
      productName: 'My Desk',
      // A .deb can't be made without one.
      homepage: 'https://example.com',
    })
    expect(readFileSync(inResources('my-desk', 'README.md'), 'utf8')).toContain('1.2.3')
    expect(sources()).toEqual(before)
  })

  it('has the fuses of a shipped app', async () => {
    const { getCurrentFuseWire, FuseV1Options } = load('@electron/fuses')
    const wire = await getCurrentFuseWire(platform === 'darwin' ? app : join(app, 'my-desk'))
    // A state is the code of the digit 0 or 1.
    const isOn = (name: string) => String.fromCharCode(wire[FuseV1Options[name]]) === '1'
    expect({
      RunAsNode: isOn('RunAsNode'),
      EnableNodeOptionsEnvironmentVariable: isOn('EnableNodeOptionsEnvironmentVariable'),
      EnableNodeCliInspectArguments: isOn('EnableNodeCliInspectArguments'),
      OnlyLoadAppFromAsar: isOn('OnlyLoadAppFromAsar'),
      EnableCookieEncryption: isOn('EnableCookieEncryption'),
      EnableEmbeddedAsarIntegrityValidation: isOn('EnableEmbeddedAsarIntegrityValidation'),
      GrantFileProtocolExtraPrivileges: isOn('GrantFileProtocolExtraPrivileges'),
    }).toEqual({
      RunAsNode: false,
      EnableNodeOptionsEnvironmentVariable: false,
      EnableNodeCliInspectArguments: false,
      OnlyLoadAppFromAsar: true,
      EnableCookieEncryption: true,
      EnableEmbeddedAsarIntegrityValidation: true,
      GrantFileProtocolExtraPrivileges: false,
    })
  })
})

describe('the app for macOS', () => {
  const app = join(project, 'dist', 'mac-arm64', 'My Desk.app')
  const contents = join(app, 'Contents')

  it('describes the app in Info.plist, with the hash of its archive', () => {
    const { getRawHeader }: { getRawHeader: (path: string) => { headerString: string } } =
      load('@electron/asar')
    const plist = readFileSync(join(contents, 'Info.plist'), 'utf8')
    const value = (key: string) =>
      new RegExp(`<key>${key}</key>\\s*<string>([^<]*)</string>`).exec(plist)?.[1]
    expect({
      id: value('CFBundleIdentifier'),
      name: value('CFBundleName'),
      version: value('CFBundleShortVersionString'),
      icon: value('CFBundleIconFile'),
      oldest: value('LSMinimumSystemVersion'),
      hash: value('hash'),
    }).toEqual({
      id: 'com.example.my-desk',
      name: 'My Desk',
      version: '1.2.3',
      icon: 'icon.icns',
      oldest: '14.2',
      hash: createHash('sha256')
        .update(getRawHeader(join(contents, 'Resources', 'app.asar')).headerString)
        .digest('hex'),
    })
  })

  it('signs every Mach-O file, from the inside out', async () => {
    const signed = await expectSigned(app)
    expect(signed).toContain(join(contents, 'Resources', 'my-desk', '_vendor', 'tool'))
    expect(signed).toContain(join(contents, 'Resources', 'python', 'bin', 'python3.12'))
  })

  // The packages for macOS have 300 MB.
  it.runIf(process.env.SOAK === '1')('signs every Mach-O file of the real packages', async () => {
    const env = { VERSION: '1.2.3' }
    const flags = ['run', 'vendor', '--', '--target-platform', 'darwin-arm64', '--wheels-only', '--clean']
    const made = await runInDesktop(project, 'npm', flags, { env })
    expect(made.exitCode, made.all).toBe(0)
    writeStandInInterpreter(vendored, 'darwin')
    const { all, exitCode } = await packageApp('darwin', env)
    expect(exitCode, all).toBe(0)
    const vendor = join(contents, 'Resources', 'my-desk', '_vendor')
    const signed = await expectSigned(app)
    expect(signed.filter((path) => path.startsWith(vendor)).length).toBeGreaterThan(20)
    expect(signed).toContain(join(vendor, 'mlx', 'lib', 'libmlx.dylib'))
    expect(namesIn(join(vendor, 'mlx', 'lib'))).toContain('mlx.metallib')
  })
})

/** Signs an app with a stand-in for codesign. Expects all of its code in a correct order, and returns the paths. */
async function expectSigned(app: string): Promise<string[]> {
  const bin = mkdtempSync(join(home, 'bin '))
  const log = join(bin, 'calls.txt')
  // It records each argument on a line.
  writeTree(bin, { codesign: `#!/bin/sh\nprintf '%s\\n' "$@" >> '${log}'\n` })
  chmodSync(join(bin, 'codesign'), 0o755)
  const script = `
    const { signMacApp } = await import('./scripts/packaging/sign.ts')
    const optionsForFile = () => ({ entitlements: 'build/entitlements.mac.plist' })
    await signMacApp({ app: ${JSON.stringify(app)}, platform: 'darwin', identityValidation: false, optionsForFile })`
  const { PATH } = await desktopEnvironment()
  const { all, exitCode } = await runInDesktop(project, 'node', ['--input-type=module', '-e', script], {
    env: { PATH: `${bin}:${PATH}` },
  })
  expect(exitCode, all).toBe(0)

  const calls = readFileSync(log, 'utf8').split('\n')
  const signed = calls.slice(0, calls.indexOf('--verify')).filter((line) => line.startsWith(app))
  const code = Object.entries(treeOf(app)).filter(([, content]) => / (cffaedfe|cafebabe) /.test(content))
  expect(code.length).toBeGreaterThan(10)
  expect(signed).toEqual(expect.arrayContaining(code.map(([path]) => join(app, path))))
  const bundles = signed.filter((path) => /\.(app|framework)$/.test(path))
  expect(bundles.length).toBe(6)
  expect(signed.length).toBe(code.length + bundles.length)
  expect(new Set(signed).size).toBe(signed.length)
  for (const [index, path] of signed.entries()) {
    const inside = signed.slice(index + 1).filter((other) => other.startsWith(`${path}/`))
    expect(inside, `inside of ${path}`).toEqual([])
  }
  expect(signed.at(-1)).toBe(app)
  return signed
}
