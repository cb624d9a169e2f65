/**
 * Writes stand-ins for distributions of Electron, because no registry has one. They have the files that electron-builder
 * renames or changes, and the bytes in which Electron keeps its fuses, but none of them can show a window.
 */
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The bytes before the fuses: https://www.electronjs.org/docs/latest/tutorial/fuses. */
const sentinel = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX'

/** The version of the fuse wire, its length, and the state of the nine fuses of Electron 45 by default. */
const fuseWire = Buffer.from([1, 9, ...Buffer.from('101110011')])

/** The header of an executable for Linux on x86_64: a 64-bit ELF file. */
export const elfHeader = Buffer.concat([
  Buffer.from('7f454c4602010100', 'hex'),
  Buffer.alloc(8),
  Buffer.from([2, 0, 62, 0]),
])

/** Returns a Mach-O file for Apple silicon with no load commands. @param type MH_EXECUTE 2, MH_DYLIB 6 or MH_BUNDLE 8. */
export function machO(type: 2 | 6 | 8 = 6): Buffer {
  const header = Buffer.alloc(32)
  for (const [index, value] of [0xfeedfacf, 0x0100000c, 0, type].entries())
    header.writeUInt32LE(value, index * 4)
  return header
}

/** Writes a distribution for Linux on x86_64. */
export function writeLinuxElectron(folder: string): void {
  write(folder, 'electron', Buffer.concat([elfHeader, Buffer.from(sentinel), fuseWire]), 0o755)
  write(folder, 'version', '45.0.0')
  for (const [file, bytes] of Object.entries(licences)) write(folder, file, bytes)
}

/** Writes a distribution for macOS on Apple silicon. */
export function writeMacElectron(folder: string): void {
  const contents = join('Electron.app', 'Contents')
  const framework = join(contents, 'Frameworks', 'Electron Framework.framework')
  const version = join(framework, 'Versions', 'A')
  write(folder, join(contents, 'Info.plist'), infoPlist('Electron', 'com.github.Electron'))
  write(folder, join(contents, 'MacOS', 'Electron'), machO(2), 0o755)
  const code = Buffer.concat([machO(), Buffer.from(sentinel), fuseWire])
  write(folder, join(version, 'Electron Framework'), code, 0o755)
  write(folder, join(version, 'Libraries', 'libffmpeg.dylib'), machO())
  symlinkSync('A', join(folder, framework, 'Versions', 'Current'))
  for (const part of ['Electron Framework', 'Libraries']) {
    symlinkSync(join('Versions', 'Current', part), join(folder, framework, part))
  }
  for (const suffix of ['', ' (GPU)', ' (Plugin)', ' (Renderer)']) {
    const name = `Electron Helper${suffix}`
    const helper = join(contents, 'Frameworks', `${name}.app`, 'Contents')
    write(folder, join(helper, 'Info.plist'), infoPlist(name, `com.github.Electron.helper${suffix}`))
    write(folder, join(helper, 'MacOS', name), machO(2), 0o755)
  }
  // A file that is neither text nor code.
  write(folder, join(contents, 'Resources', 'electron.icns'), Buffer.from('icns\0\0\0\x08'))
  for (const [file, bytes] of Object.entries(licences)) write(folder, file, bytes)
}

const licences = { LICENSE: 'The licence of Electron', 'LICENSES.chromium.html': 'The licences of Chromium' }

function infoPlist(name: string, id: string): string {
  const values = {
    CFBundleExecutable: name,
    CFBundleIdentifier: id,
    CFBundleName: name,
    CFBundlePackageType: 'APPL',
  }
  const entries = Object.entries(values).map(([key, value]) => `<key>${key}</key><string>${value}</string>`)
  return `<?xml version="1.0" encoding="UTF-8"?>
<plist version="1.0"><dict>${entries.join('')}</dict></plist>`
}

function write(folder: string, path: string, content: string | Buffer, mode = 0o644): void {
  const file = join(folder, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, content)
  chmodSync(file, mode)
}
