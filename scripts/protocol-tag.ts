import { z } from 'zod'

const taggedSchema = z.looseObject({ const: z.string().optional() })

/** A structure of the schema, with its fields by name. */
interface Structure {
  properties?: Readonly<Record<string, unknown>> | undefined
}

/** Returns the name of the structure that is tagged with a type of request or event. */
export function structureWithTag(type: string, definitions: ReadonlyMap<string, Structure>): string {
  for (const [name, { properties }] of definitions) {
    if (taggedSchema.parse(properties?.type ?? {}).const === type) return name
  }
  throw new Error(`No structure has the type ${type}.`)
}
