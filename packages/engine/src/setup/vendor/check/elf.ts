/** Reads which libraries an ELF file needs, from its dynamic section. */
import { type FileHandle, open } from 'node:fs/promises'
import { readAt } from './mach-o.ts'

const headerBytes = 64
const segmentBytes = 56
const segmentLoad = 1
const segmentDynamic = 2
const tagNeeded = 1
const tagStrings = 5
const tagStringsSize = 10

interface Segment {
  type: number
  offset: number
  address: number
  bytes: number
}

/** Returns the names of the libraries that an ELF file of a 64-bit, little-endian system needs, such as `libssl.so.3`. */
export async function readElfLibraries(path: string): Promise<string[]> {
  await using file = await open(path)
  const head = await readAt(file, 0, headerBytes)
  if (head.length < headerBytes || head.readUInt32BE(0) !== 0x7f454c46) return []
  const segments = await readSegments(file, head)
  const dynamic = segments.find(({ type }) => type === segmentDynamic)
  if (dynamic === undefined) return []
  const entries = splitEntries(await readAt(file, dynamic.offset, dynamic.bytes))
  const valueAt = (wanted: number) => entries.find(({ tag }) => tag === wanted)?.value ?? 0
  const address = valueAt(tagStrings)
  const place = segments.find(
    (each) => each.type === segmentLoad && address >= each.address && address < each.address + each.bytes,
  )
  if (place === undefined) return []
  const strings = await readAt(file, address - place.address + place.offset, valueAt(tagStringsSize))
  return entries
    .filter(({ tag }) => tag === tagNeeded)
    .map(({ value }) => strings.toString('utf8', value, strings.indexOf(0, value)))
}

async function readSegments(file: FileHandle, head: Buffer): Promise<Segment[]> {
  const [offset, count] = [Number(head.readBigUInt64LE(32)), head.readUInt16LE(56)]
  const table = await readAt(file, offset, count * segmentBytes)
  return split(table, segmentBytes).map((row) => ({
    type: row.readUInt32LE(0),
    offset: Number(row.readBigUInt64LE(8)),
    address: Number(row.readBigUInt64LE(16)),
    bytes: Number(row.readBigUInt64LE(32)),
  }))
}

function splitEntries(bytes: Buffer): { tag: number; value: number }[] {
  return split(bytes, 16).map((row) => ({
    tag: Number(row.readBigInt64LE(0)),
    value: Number(row.readBigUInt64LE(8)),
  }))
}

/** Splits bytes into rows of one size. An incomplete row at the end is left out. */
function split(bytes: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.floor(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  )
}
