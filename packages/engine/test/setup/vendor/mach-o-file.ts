/** Makes files with the headers of Mach-O, so that tests have binaries of every kind. */

export const arm64 = 0x0100000c
export const x86 = 0x01000007
/** Packs numbers as a load command has them. */
export const loadCommand = (...numbers: number[]) => {
  const bytes = Buffer.alloc(numbers.length * 4)
  for (const [index, number] of numbers.entries()) bytes.writeUInt32LE(number, index * 4)
  return bytes
}
/** Packs a version as a header has it. */
export const version = (major: number, minor = 0, patch = 0) => (major << 16) | (minor << 8) | patch

/** LC_UUID, which is skipped. */
export const uuid = loadCommand(0x1b, 24, 0, 0, 0, 0)
/** LC_BUILD_VERSION, by default of macOS. */
export const buildVersion = (minimum: number, platform = 1) =>
  loadCommand(0x32, 24, platform, minimum, version(26), 0)
/** LC_VERSION_MIN_MACOSX, of older compilers. */
export const versionMin = (minimum: number) => loadCommand(0x24, 16, minimum, version(26))

/** LC_LOAD_DYLIB, or a similar command, with the name of a library. */
export function loadLibrary(name: string, command = 0xc): Buffer {
  const text = Buffer.from(`${name}\0`)
  const size = Math.ceil((24 + text.length) / 8) * 8
  const padding = Buffer.alloc(size - 24 - text.length)
  return Buffer.concat([loadCommand(command, size, 24, 2, 0x10000, 0x10000), text, padding])
}

/** A Mach-O file with a header and load commands, as <mach-o/loader.h> declares them. */
export function machO(machine: number, ...commands: Buffer[]): Buffer {
  const body = Buffer.concat(commands)
  return Buffer.concat([loadCommand(0xfeedfacf, machine, 0, 6, commands.length, body.length, 0, 0), body])
}

/** A universal file, as <mach-o/fat.h> declares it: big-endian, with slices at page boundaries. */
export function universal(slices: { machine: number; code: Buffer }[], is64 = false): Buffer {
  const size = is64 ? 32 : 20
  const file = Buffer.alloc(4096 * (slices.length + 1))
  file.writeUInt32BE(is64 ? 0xcafebabf : 0xcafebabe, 0)
  file.writeUInt32BE(slices.length, 4)
  for (const [index, { machine, code }] of slices.entries()) {
    const at = 8 + index * size
    const offset = 4096 * (index + 1)
    file.writeUInt32BE(machine, at)
    if (is64) file.writeBigUInt64BE(BigInt(offset), at + 8)
    else file.writeUInt32BE(offset, at + 8)
    code.copy(file, offset)
  }
  return file
}
