export type Json = null | boolean | number | string | Json[] | JsonObject
export interface JsonObject {
  [key: string]: Json
}

/** True for what JSON calls an object. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * Adds one object to another, key by key, all the way down; neither is changed. Lists are joined without
 * what is already there.
 *
 * @throws Error when both give one key different values; `path` names it.
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
