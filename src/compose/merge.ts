export type Json = null | boolean | number | string | Json[] | JsonObject
export interface JsonObject {
  [key: string]: Json
}

/** Whether a value is a JSON object. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * Merges two objects deeply and returns a new one. Lists are joined without duplicates.
 *
 * @throws Error if both have different values for a key. It names the key by its path.
 */
export function mergeObjects(base: JsonObject, addition: JsonObject, path = ''): JsonObject {
  const merged: JsonObject = { ...base }
  for (const [key, value] of Object.entries(addition)) {
    const present = merged[key]
    merged[key] =
      present === undefined ? value : mergeValues(present, value, path === '' ? key : `${path}.${key}`)
  }
  return merged
}

function mergeValues(present: Json, value: Json, path: string): Json {
  if (isJsonObject(present) && isJsonObject(value)) return mergeObjects(present, value, path)
  if (Array.isArray(present) && Array.isArray(value)) {
    const known = new Set(present.map((item) => JSON.stringify(item)))
    return [...present, ...value.filter((item) => !known.has(JSON.stringify(item)))]
  }
  if (JSON.stringify(present) === JSON.stringify(value)) return present
  throw new Error(`${path} is both ${JSON.stringify(present)} and ${JSON.stringify(value)}`)
}
