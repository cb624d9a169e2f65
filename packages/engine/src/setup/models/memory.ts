/** The size of the KV cache of a conversation, as a share of the model's weights. */
const cacheShare = 0.2

/** Returns the bytes of memory that a model of this size needs to generate. */
export function requiredBytes(modelBytes: number): number {
  return modelBytes * (1 + cacheShare)
}

/** Whether a model of this size fits into the memory limit for models. */
export function fitsMemory(modelBytes: number, limitBytes: number): boolean {
  return requiredBytes(modelBytes) <= limitBytes
}
