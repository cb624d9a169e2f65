/** Reads what a binary is built for, from the headers of Mach-O and ELF files. */
import { type FileHandle, open } from 'node:fs/promises'

/** The code for one processor in a binary. */
export interface BinarySlice {
  format: 'mach-o' | 'elf'
  /** As Python names it: arm64, x86_64, aarch64; otherwise the number in the header. */
  machine: string
  /** The oldest macOS on which it loads, such as 14.0; undefined if it doesn't say so. */
  minMacos?: string
}

/** More slices than any universal binary has. A Java class begins like one, with a larger number. */
const mostSlices = 16
const machMachines = new Map([
  [0x01000007, 'x86_64'],
  [0x0100000c, 'arm64'],
])
const elfMachines = new Map([
  [62, 'x86_64'],
  [183, 'aarch64'],
])
const loadCommandVersionMin = 0x24
const loadCommandBuildVersion = 0x32
const platformMacos = 1
/** LC_LOAD_DYLIB, LC_REEXPORT_DYLIB and LC_LOAD_UPWARD_DYLIB. A weak or a lazy library may be missing. */
const loadCommandsOfLibraries: ReadonlySet<number> = new Set([0xc, 0x8000001f, 0x80000023])

/** A Mach-O header with what follows it. */
interface MachHeader extends BinarySlice {
  commands: LoadCommand[]
}

/** A load command, which begins with its number and its size. */
interface LoadCommand {
  command: number
  bytes: Buffer
}

/** Returns the slices of a binary: one, or several of a universal binary; none if the file is no binary. */
export async function readBinary(path: string): Promise<BinarySlice[]> {
  await using file = await open(path)
  const head = await readAt(file, 0, 32)
  if (head.length < 20) return []
  if (head.readUInt32BE(0) === 0x7f454c46) {
    const machine = head[5] === 2 ? head.readUInt16BE(18) : head.readUInt16LE(18)
    return [{ format: 'elf', machine: elfMachines.get(machine) ?? String(machine) }]
  }
  return (await readHeaders(file, head)).map(({ commands: _, ...slice }) => slice)
}

/**
 * Returns the libraries that a Mach-O file can't be loaded without, as it names them: `/usr/lib/libz.1.dylib`,
 * `@rpath/libmlx.dylib`.
 */
export async function readMachLibraries(path: string, machine: string): Promise<string[]> {
  await using file = await open(path)
  const headers = await readHeaders(file, await readAt(file, 0, 32))
  const own = headers.find((header) => header.machine === machine)
  return (own?.commands ?? [])
    .filter(({ command }) => loadCommandsOfLibraries.has(command))
    .map(({ bytes }) => bytes.toString('utf8', bytes.readUInt32LE(8)).replace(/\0.*$/s, ''))
}

async function readHeaders(file: FileHandle, head: Buffer): Promise<MachHeader[]> {
  const magic = head.readUInt32BE(0)
  if (magic !== 0xcafebabe && magic !== 0xcafebabf) {
    const header = await readHeader(file, 0)
    return header === undefined ? [] : [header]
  }
  const count = head.readUInt32BE(4)
  if (count > mostSlices) return []
  const is64 = magic === 0xcafebabf
  const size = is64 ? 32 : 20
  const table = await readAt(file, 8, count * size)
  const headers: MachHeader[] = []
  for (let index = 0; index < count && (index + 1) * size <= table.length; index++) {
    const at = index * size + 8
    const offset = is64 ? Number(table.readBigUInt64BE(at)) : table.readUInt32BE(at)
    const header = await readHeader(file, offset)
    if (header !== undefined) headers.push(header)
  }
  return headers
}

/** Reads the Mach-O header at an offset; undefined if there is none. All of Apple's machines are little-endian. */
async function readHeader(file: FileHandle, offset: number): Promise<MachHeader | undefined> {
  const header = await readAt(file, offset, 32)
  if (header.length < 28) return undefined
  const magic = header.readUInt32LE(0)
  if (magic !== 0xfeedface && magic !== 0xfeedfacf) return undefined
  const type = header.readUInt32LE(4)
  const [count, bytes] = [header.readUInt32LE(16), header.readUInt32LE(20)]
  const commands = splitCommands(await readAt(file, offset + (magic === 0xfeedfacf ? 32 : 28), bytes), count)
  const minMacos = minimumOf(commands)
  return {
    format: 'mach-o',
    machine: machMachines.get(type) ?? String(type),
    ...(minMacos !== undefined && { minMacos }),
    commands,
  }
}

function splitCommands(bytes: Buffer, count: number): LoadCommand[] {
  const commands: LoadCommand[] = []
  let at = 0
  for (let index = 0; index < count && at + 16 <= bytes.length; index++) {
    const [command, size] = [bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4)]
    // A damaged header would repeat this step forever.
    if (size < 16) break
    commands.push({ command, bytes: bytes.subarray(at, at + size) })
    at += size
  }
  return commands
}

function minimumOf(commands: readonly LoadCommand[]): string | undefined {
  for (const { command, bytes } of commands) {
    if (command === loadCommandVersionMin) return versionOf(bytes.readUInt32LE(8))
    if (command === loadCommandBuildVersion && bytes.readUInt32LE(8) === platformMacos) {
      return versionOf(bytes.readUInt32LE(12))
    }
  }
  return undefined
}

/** Formats a version as it is in a header: 16 bits, and twice 8 bits. */
function versionOf(packed: number): string {
  const [major, minor, patch] = [packed >>> 16, (packed >>> 8) & 0xff, packed & 0xff]
  return patch === 0 ? `${major}.${minor}` : `${major}.${minor}.${patch}`
}

/** Reads bytes of a file; fewer at its end. */
export async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length)
  const { bytesRead } = await file.read(buffer, 0, length, position)
  return buffer.subarray(0, bytesRead)
}
