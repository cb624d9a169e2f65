/** The size of the KV cache of a conversation, as a share of the model's weights. */
const cacheShare = 0.2

/** Whether a model of this size and its KV cache fit into the memory limit for models. */
export function fitsMemory(modelBytes: number, limitBytes: number): boolean {
  return modelBytes * (1 + cacheShare) <= limitBytes
}
