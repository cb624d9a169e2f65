/** What a model needs beside its weights for the KV cache of a conversation, as a share of them. */
const besideWeights = 0.2

/** Bytes of memory that a model of that size needs while it answers. */
export function requiredBytes(modelBytes: number): number {
  return modelBytes * (1 + besideWeights)
}

/** Whether a model fits into what models may take. */
export function fitsMemory(modelBytes: number, limitBytes: number): boolean {
  return requiredBytes(modelBytes) <= limitBytes
}
