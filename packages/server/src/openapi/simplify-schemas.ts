type Json = Record<string, unknown>

/**
 * The schemas of a document, without what the generator says and OpenAPI frowns upon: a choice of one form, and a
 * choice by a field that a form may leave out.
 *
 * @param schemas those that have a name, which references lead to.
 */
export function simplifySchemas(value: unknown, schemas: Json): unknown {
  if (Array.isArray(value)) return value.map((item) => simplifySchemas(item, schemas))
  if (!isObject(value)) return value
  const entries = Object.entries(value).map(([key, part]) => [key, simplifySchemas(part, schemas)])
  return simplifyChoice(Object.fromEntries(entries), schemas)
}

function simplifyChoice(schema: Json, schemas: Json): Json {
  const { oneOf, discriminator, ...rest } = schema
  if (!Array.isArray(oneOf)) return schema
  const [only, ...others] = oneOf
  if (others.length === 0 && isObject(only)) {
    // What stands beside a reference describes the place, and is allowed to since OpenAPI 3.1.
    return { ...only, ...rest }
  }
  if (!isObject(discriminator)) return schema
  const { propertyName } = discriminator
  return oneOf.every((form) => requires(form, propertyName, schemas)) ? schema : { ...rest, anyOf: oneOf }
}

function requires(form: unknown, name: unknown, schemas: Json): boolean {
  if (!isObject(form)) return false
  if (typeof form.$ref === 'string')
    return requires(schemas[form.$ref.split('/').at(-1) ?? ''], name, schemas)
  return Array.isArray(form.required) && form.required.includes(name)
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
