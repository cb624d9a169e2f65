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

/** Returns the slices of a binary: one, or several of a universal binary; none if the file is no binary. */
export async function readBinary(path: string): Promise<BinarySlice[]> {
  await using file = await open(path)
  const head = await readAt(file, 0, 32)
  if (head.length < 20) return []
  const magic = head.readUInt32BE(0)
  if (magic === 0x7f454c46) {
    const machine = head[5] === 2 ? head.readUInt16BE(18) : head.readUInt16LE(18)
    return [{ format: 'elf', machine: elfMachines.get(machine) ?? String(machine) }]
  }
  if (magic !== 0xcafebabe && magic !== 0xcafebabf) {
    const slice = await readSlice(file, 0)
    return slice === undefined ? [] : [slice]
  }
  const count = head.readUInt32BE(4)
  if (count > mostSlices) return []
  const is64 = magic === 0xcafebabf
  const size = is64 ? 32 : 20
  const table = await readAt(file, 8, count * size)
  const slices: BinarySlice[] = []
  for (let index = 0; index < count && (index + 1) * size <= table.length; index++) {
    const at = index * size + 8
    const offset = is64 ? Number(table.readBigUInt64BE(at)) : table.readUInt32BE(at)
    const slice = await readSlice(file, offset)
    if (slice !== undefined) slices.push(slice)
  }
  return slices
}

/** Reads the Mach-O header at an offset; undefined if there is none. All of Apple's machines are little-endian. */
async function readSlice(file: FileHandle, offset: number): Promise<BinarySlice | undefined> {
  const header = await readAt(file, offset, 32)
  if (header.length < 28) return undefined
  const magic = header.readUInt32LE(0)
  if (magic !== 0xfeedface && magic !== 0xfeedfacf) return undefined
  const type = header.readUInt32LE(4)
  const [count, bytes] = [header.readUInt32LE(16), header.readUInt32LE(20)]
  const commands = await readAt(file, offset + (magic === 0xfeedfacf ? 32 : 28), bytes)
  const minMacos = minimumOf(commands, count)
  return {
    format: 'mach-o',
    machine: machMachines.get(type) ?? String(type),
    ...(minMacos !== undefined && { minMacos }),
  }
}

function minimumOf(commands: Buffer, count: number): string | undefined {
  let at = 0
  for (let index = 0; index < count && at + 16 <= commands.length; index++) {
    const [command, size] = [commands.readUInt32LE(at), commands.readUInt32LE(at + 4)]
    if (command === loadCommandVersionMin) return versionOf(commands.readUInt32LE(at + 8))
    if (command === loadCommandBuildVersion && commands.readUInt32LE(at + 8) === platformMacos) {
      return versionOf(commands.readUInt32LE(at + 12))
    }
    // A damaged header would repeat this step forever.
    if (size < 8) return undefined
    at += size
  }
  return undefined
}

/** Formats a version as it is in a header: 16 bits, and twice 8 bits. */
function versionOf(packed: number): string {
  const [major, minor, patch] = [packed >>> 16, (packed >>> 8) & 0xff, packed & 0xff]
  return patch === 0 ? `${major}.${minor}` : `${major}.${minor}.${patch}`
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length)
  const { bytesRead } = await file.read(buffer, 0, length, position)
  return buffer.subarray(0, bytesRead)
}
