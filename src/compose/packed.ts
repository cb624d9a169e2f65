/** A layer's verbatim files as they are packed, by path. */
export interface PackedLayer {
  /** Files that are UTF-8. */
  text: Record<string, string>
  /** All others. */
  base64: Record<string, string>
}

/** File name of a packed layer: `variants/node` is in variants-node.json. */
export function packedLayerName(layer: string): string {
  return `${layer.replaceAll('/', '-')}.json`
}
