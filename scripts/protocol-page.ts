import { z } from 'zod'

const nodeSchema = z.looseObject({
  $ref: z.string().optional(),
  description: z.string().optional(),
  type: z.string().or(z.array(z.string())).optional(),
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
  pattern: z.string().optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  additionalProperties: z.unknown().optional(),
  items: z.unknown().optional(),
  anyOf: z.array(z.unknown()).optional(),
  oneOf: z.array(z.unknown()).optional(),
})
type Node = z.infer<typeof nodeSchema>

/** The one simple type with a section of its own: it has too many values for a table. */
const errorCode = 'ErrorCode'

interface Constants {
  version: number
  lineBytes: number
}

/** The page about the protocol for people who write the other end: made from the schema, with an example session. */
export function protocolPage(schema: unknown, constants: Constants, session: string): string {
  const { $defs } = z.object({ $defs: z.record(z.string(), z.unknown()) }).parse(schema)
  const definitions = new Map(Object.entries($defs).map(([name, value]) => [name, nodeSchema.parse(value)]))
  const membersOf = (name: string) =>
    (definitions.get(name)?.oneOf ?? []).map((member) => refName(nodeSchema.parse(member)) ?? '')
  const requests = membersOf('Request')
  const events = membersOf('Event')
  const parts = [...definitions.keys()].filter((name) => {
    const node = definitions.get(name)
    return node?.type === 'object' && !requests.includes(name) && !events.includes(name)
  })
  const section = (name: string) => sectionOf(name, definitions)
  return `<!-- Made by npm run protocol of create-mlx-app from src/engine/protocol.ts: edit that one. -->

# The worker's protocol, version ${constants.version}

\`python -m mlx_app.worker\` reads requests from its standard input and writes events to its standard output: one JSON object a
line, UTF-8, at most ${constants.lineBytes / 1024 ** 2} MiB. Anything that speaks JSON can use it in place of the TypeScript engine; its folder of models and
its limits are options on the command line (\`--help\`). What it has to say to people goes to standard error.

- [Order](#order) · [a session](#a-session) · [requests](#requests) · [events](#events) · [parts](#parts)

## Order

1. The first event is \`ready\` or \`fatal\`. \`ready\` names the version of the protocol that the worker speaks. An engine that
   speaks another one must not go on: fields may mean something else, and unknown ones are refused. The TypeScript engine ends
   the worker and fails with \`PROTOCOL_MISMATCH\`; that happens only where the two halves of a project are of different ages.
2. The engine chooses the \`id\` of a request. It is free again after the last event of the request. A request with an
   \`id\` that is in use is refused by an \`error\` whose \`id\` is null.
3. \`load\` brings any number of \`progress\`, then \`loaded\`.
4. \`generate\` loads its model first if that is on disk. It brings \`promptProgress\` if asked for, then \`tokens\`, then one
   \`done\` for each of its \`n\` sequences, in the order in which they end. One \`tokens\` has the new text of all calls that
   took part in a step, so pieces of other calls stand between those of one.
5. \`embed\`, \`tokenise\`, \`detokenise\`, \`status\`, \`models\` and \`unload\` bring one event each.
6. In place of what would come, any request may bring one \`error\` with its \`id\`. Nothing comes after it.
7. \`cancel\` ends the request of its \`id\`. Nothing more comes for it, and nothing tells that it is gone; to cancel what is
   over is no mistake.
8. \`unloaded\` without an \`id\` comes by itself, when a model makes room for another or was idle for long. \`error\` without
   an \`id\` tells of a line that could not be understood. After \`fatal\` the worker ends.
9. The end of standard input ends the worker at once, with whatever it is doing.

Fields with a default may be left out, in both directions. An unknown field is an error.

## A session

With the hello model. \`→\` is written to the worker, \`←\` comes from it. Versions, paths and times differ.

\`\`\`text
${session.trim()}
\`\`\`

## Requests

${requests.map(section).join('\n\n')}

## Events

${events.map(section).join('\n\n')}

## Parts

${parts.map(section).join('\n\n')}

### ${errorCode}

${(definitions.get(errorCode)?.enum ?? []).map((code) => `\`${code}\``).join(', ')}
`
}

function sectionOf(name: string, definitions: ReadonlyMap<string, Node>): string {
  const node = definitions.get(name) ?? {}
  const fields = Object.entries(node.properties ?? {}).map(
    ([field, value]) => [field, nodeSchema.parse(value)] as const,
  )
  const tag = fields.find(([field]) => field === 'type')?.[1].const
  const rows = fields
    .filter(([field, value]) => !(field === 'type' && value.const !== undefined))
    .map(([field, value]) =>
      row([
        `\`${field}\``,
        typeOf(value, definitions),
        value.default === undefined ? '' : `\`${JSON.stringify(value.default)}\``,
        value.description ?? '',
      ]),
    )
  const table =
    rows.length === 0 ? [] : ['', row(['field', 'type', 'default', '']), row(['-', '-', '-', '-']), ...rows]
  const title = tag === undefined ? name : `${name}: \`"type": "${tag}"\``
  return [`### ${title}`, '', node.description ?? '', ...table].join('\n').trimEnd()
}

function row(cells: string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

/** The type of a field with its bounds, in words. */
function typeOf(value: unknown, definitions: ReadonlyMap<string, Node>): string {
  const node = nodeSchema.parse(value)
  const name = refName(node)
  if (name !== undefined) return typeOfReference(name, definitions)
  const members = node.anyOf ?? node.oneOf
  if (members !== undefined) return members.map((member) => typeOf(member, definitions)).join(' or ')
  if (node.const !== undefined) return `\`"${node.const}"\``
  if (node.enum !== undefined) return node.enum.map((item) => `\`${item}\``).join(', ')
  if (node.type === 'array') return `list of ${typeOf(node.items, definitions)}${bounds(node)}`
  if (node.type === 'object') {
    const values = typeOf(node.additionalProperties ?? {}, definitions)
    return values === 'anything' ? 'object' : `object of ${values}`
  }
  if (Array.isArray(node.type)) {
    return node.type.map((type) => typeOf({ ...node, type }, definitions)).join(' or ')
  }
  return `${node.type ?? 'anything'}${bounds(node)}`
}

/** A structure by its name, with a link; a simple type that has a name by what it is. */
function typeOfReference(name: string, definitions: ReadonlyMap<string, Node>): string {
  const node = definitions.get(name) ?? {}
  if (name === errorCode) return `[${errorCode}](#${errorCode.toLowerCase()})`
  if (node.type !== 'object') return typeOf({ ...node, description: undefined }, definitions)
  const tag = nodeSchema.parse(node.properties?.type ?? {}).const
  const anchor = (tag === undefined ? name : `${name} type ${tag}`).toLowerCase().replaceAll(' ', '-')
  return `[${name}](#${anchor})`
}

function bounds(node: Node): string {
  const least = node.minimum ?? node.minLength ?? node.minItems
  const most = node.maximum ?? node.maxLength ?? node.maxItems
  const unit = node.type === 'string' ? ' characters' : ''
  const said = [
    ...(least === undefined || least === Number.MIN_SAFE_INTEGER ? [] : [`from ${least}`]),
    ...(node.exclusiveMinimum === undefined ? [] : [`above ${node.exclusiveMinimum}`]),
    ...(most === undefined || most === Number.MAX_SAFE_INTEGER ? [] : [`up to ${most}`]),
  ]
  const pattern = node.pattern === undefined ? [] : [`like \`${node.pattern}\``]
  const all = [...(said.length === 0 ? [] : [said.join(' ') + unit]), ...pattern]
  return all.length === 0 ? '' : ` (${all.join(', ')})`
}

function refName(node: Node): string | undefined {
  return node.$ref?.replace('#/$defs/', '')
}
