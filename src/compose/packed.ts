/**
 * How scripts/build.ts packs the verbatim files of a layer: one line of JSON that lists them, then their
 * bytes one after the other. Reading it decodes nothing and hashes nothing.
 */
export interface PackedFile {
  path: string
  /** Number of bytes. */
  size: number
  /** SHA-256, hex. */
  sha256: string
}

/** File name of a packed layer: `variants/node` is in variants-node.layer. */
export function packedLayerName(layer: string): string {
  return `${layer.replaceAll('/', '-')}.layer`
}

/** Puts files in the packed form. @param hash SHA-256 in hex. */
export function packFiles(
  files: ReadonlyMap<string, Uint8Array>,
  hash: (bytes: Uint8Array) => string,
): Uint8Array {
  const header: PackedFile[] = [...files].map(([path, bytes]) => ({
    path,
    size: bytes.length,
    sha256: hash(bytes),
  }))
  return Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), ...files.values()])
}

/** Takes the packed form apart again. The bytes are views of `packed`. */
export function unpackFiles(packed: Buffer): { file: PackedFile; bytes: Uint8Array }[] {
  const end = packed.indexOf('\n')
  const header: PackedFile[] = JSON.parse(packed.toString('utf8', 0, end))
  let offset = end + 1
  return header.map((file) => {
    const bytes = packed.subarray(offset, offset + file.size)
    offset += file.size
    return { file, bytes }
  })
}
