import { z } from 'zod'
import { structureWithTag } from './protocol-tag.ts'

const typeSchema = z.enum(['object', 'array', 'string', 'integer', 'number', 'boolean', 'null'])

/** The part of JSON Schema that the protocol uses. Any other keyword is an error, so that no bound gets lost. */
const nodeSchema = z.strictObject({
  id: z.string().optional(),
  $ref: z.string().optional(),
  description: z.string().optional(),
  type: typeSchema.or(z.array(typeSchema)).optional(),
  const: z.string().optional(),
  enum: z.array(z.string()).optional(),
  default: z.json().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  exclusiveMinimum: z.number().optional(),
  minLength: z.number().optional(),
  maxLength: z.number().optional(),
  minItems: z.number().optional(),
  maxItems: z.number().optional(),
  required: z.array(z.string()).optional(),
  additionalProperties: z.unknown().optional(),
  propertyNames: z.unknown().optional(),
  pattern: z.string().optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  items: z.unknown().optional(),
  anyOf: z.array(z.unknown()).optional(),
  oneOf: z.array(z.unknown()).optional(),
})
type Node = z.infer<typeof nodeSchema>

/** The line length of ruff in pyproject.toml. */
const lineLength = 100

/**
 * Returns Python source with msgspec Structs, tagged by `type`, with snake_case fields and every bound of the schema.
 *
 * @throws ZodError for a keyword of JSON Schema that has no translation here.
 */
export function pythonTypes(
  schema: unknown,
  constants: { version: number; lineBytes: number; answerTypes: Readonly<Record<string, string>> },
): string {
  const { $defs } = z.object({ $defs: z.record(z.string(), z.unknown()) }).parse(schema)
  const definitions = new Map(Object.entries($defs).map(([name, value]) => [name, nodeSchema.parse(value)]))
  const aliases = [...definitions].filter(([, node]) => node.type !== 'object' && node.oneOf === undefined)
  const classes = inOrderOfUse(
    [...definitions].filter(([, node]) => node.type === 'object' || node.oneOf !== undefined),
  )
  return `"""The worker's protocol, one JSON object a line. Generated from protocol.ts: edit that file."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

PROTOCOL_VERSION = ${constants.version}
LINE_BYTES = ${pythonInteger(constants.lineBytes)}

${aliases.map(([name, node]) => alias(name, node)).join('\n')}


class _Object(
    Struct,
    rename="camel",
    forbid_unknown_fields=True,
    kw_only=True,
    omit_defaults=True,
    frozen=True,
):
    """Fields are snake_case here and camelCase in JSON."""


${classes
  .map(([name, node]) =>
    node.oneOf === undefined ? struct(name, node) : union(name, node.oneOf.map(annotation)),
  )
  .join('\n\n\n')}

# The event that answers each request. Generate gets one for each sequence, and Cancel gets none.
ANSWERS: dict[type[Request], type[Event]] = {
${Object.entries(constants.answerTypes)
  .map((types) => `    ${types.map((type) => structureWithTag(type, definitions)).join(': ')},`)
  .join('\n')}
}
`
}

/** Sorts each class after the ones that its fields name, and each union after its members. */
function inOrderOfUse(structs: [string, Node][]): [string, Node][] {
  const placed = new Map<string, Node>()
  const place = ([name, node]: [string, Node]) => {
    if (placed.has(name)) return
    const text = JSON.stringify(node)
    for (const other of structs) {
      if (other[0] !== name && text.includes(`"#/$defs/${other[0]}"`)) place(other)
    }
    placed.set(name, node)
  }
  structs.forEach(place)
  return [...placed]
}

function alias(name: string, node: Node): string {
  const line = `${name} = ${annotation({ ...node, id: undefined })}`
  return line.length <= lineLength
    ? line
    : line.replace('Literal[', 'Literal[\n    ').replaceAll('", "', '",\n    "').replace(/]$/, ',\n]')
}

function union(name: string, members: string[]): string {
  const line = `${name} = ${members.join(' | ')}`
  return line.length <= lineLength ? line : `${name} = (\n    ${members.join('\n    | ')}\n)`
}

function struct(name: string, node: Node): string {
  const properties = Object.entries(node.properties ?? {}).map(
    ([key, value]) => [key, nodeSchema.parse(value)] as const,
  )
  const tag = properties.find(([key]) => key === 'type')?.[1].const
  const bases =
    tag === undefined ? '_Object, frozen=True' : `_Object, tag_field="type", tag="${tag}", frozen=True`
  // Python requires the ones with a default to come last.
  const isRequired = ([key, value]: (typeof properties)[number]) =>
    value.default === undefined && (node.required ?? []).includes(key)
  const given = (wanted: boolean) => properties.filter((property) => isRequired(property) === wanted)
  const fields = [...given(true), ...given(false)]
    .filter(([key]) => key !== 'type')
    .map(([key, value]) => {
      const isOptional = value.default === undefined && !isRequired([key, value])
      if (isOptional) return field(snakeCase(key), `${annotation(value)} | None`, ' = None')
      const initial = value.default === undefined ? '' : ` = ${pythonValue(value.default)}`
      return field(snakeCase(key), annotation(value), initial)
    })
  const documentation = node.description === undefined ? [] : [`    """${node.description}"""`]
  const body = [documentation.join('\n'), fields.join('\n')].filter((part) => part !== '')
  return `class ${name}(${bases}):\n${body.join('\n\n')}`
}

/** Returns one line, or three if it would be too long. */
function field(name: string, type: string, initial: string): string {
  const line = `    ${name}: ${type}${initial}`
  if (line.length <= lineLength) return line
  const inner = /^(\w+)\[(.*)\]$/.exec(type)
  return `    ${name}: ${inner?.[1]}[\n        ${inner?.[2]}\n    ]${initial}`
}

function annotation(value: unknown): string {
  const node = nodeSchema.parse(value)
  if (node.$ref !== undefined) return node.$ref.replace('#/$defs/', '')
  const members = node.anyOf ?? node.oneOf
  if (members !== undefined) return members.map(annotation).join(' | ')
  if (node.enum !== undefined) return `Literal[${node.enum.map((item) => JSON.stringify(item)).join(', ')}]`
  if (Array.isArray(node.type)) {
    return node.type.map((type) => annotation({ ...node, type, default: undefined })).join(' | ')
  }
  if (node.type === undefined) return 'Any'
  const type = {
    array: () => `list[${annotation(node.items)}]`,
    boolean: () => 'bool',
    integer: () => 'int',
    null: () => 'None',
    number: () => 'float',
    object: () => `dict[${annotation(node.propertyNames)}, ${annotation(node.additionalProperties)}]`,
    string: () => 'str',
  }[node.type]()
  const bounds = {
    ge: node.minimum,
    gt: node.exclusiveMinimum,
    le: node.maximum,
    min_length: node.minLength ?? node.minItems,
    max_length: node.maxLength ?? node.maxItems,
  }
  if (bounds.le === Number.MAX_SAFE_INTEGER) bounds.le = undefined
  if (bounds.ge === Number.MIN_SAFE_INTEGER) bounds.ge = undefined
  const pattern = node.pattern === undefined ? [] : [`pattern=r"${node.pattern}"`]
  const given = Object.entries(bounds).flatMap(([name, bound]) =>
    bound === undefined
      ? []
      : [`${name}=${node.type === 'number' ? pythonFloat(bound) : pythonInteger(bound)}`],
  )
  const meta = [...given, ...pattern].join(', ')
  return meta === '' ? type : `Annotated[${type}, Meta(${meta})]`
}

function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

function pythonValue(value: unknown): string {
  if (value === null) return 'None'
  if (value === true) return 'True'
  if (value === false) return 'False'
  return JSON.stringify(value)
}

/** Returns digits in groups of three. */
function pythonInteger(value: number): string {
  return value.toLocaleString('en').replaceAll(',', '_')
}

function pythonFloat(value: number): string {
  return Number.isInteger(value) ? value.toFixed(1) : String(value)
}
