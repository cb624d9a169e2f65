type Json = Record<string, unknown>

/**
 * Simplifies generated schemas that OpenAPI linters reject: a `oneOf` with a single variant, and a discriminator that
 * is optional in a variant.
 *
 * @param schemas the named schemas that references point to.
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
    // Since OpenAPI 3.1, a reference can have siblings such as a description.
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
