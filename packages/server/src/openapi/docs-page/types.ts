import { html } from 'hono/html'
import { type Schema, schemaName } from './model.ts'
import type { Html } from './prose.ts'

/** Returns the variants of a schema, without null, which counts as absent. */
export function listVariants(schema: Schema): Schema[] {
  const forms = schema.oneOf ?? schema.anyOf
  if (forms !== undefined) return forms.flatMap(listVariants)
  // The generator uses `allOf` for a named schema with its own description.
  if (schema.allOf !== undefined) {
    return schema.allOf
      .filter((part) => part.$ref !== undefined || part.type !== undefined || part.properties !== undefined)
      .flatMap(listVariants)
  }
  return schema.type === 'null' || schema.const === null ? [] : [schema]
}

/** Returns the description of a schema, or the one next to a reference. */
export function getDescription(schema: Schema): string | undefined {
  return schema.description ?? schema.allOf?.map(({ description }) => description).find(Boolean)
}

/** Renders the type of a schema: `integer`, `array of Message`, `"auto" or "none"`. */
export function renderType(schema: Schema): Html {
  const [first, ...others] = listVariants(schema).map(renderVariant)
  if (first === undefined) return html`null`
  return others.reduce((all, form) => html`${all} <i>or</i> ${form}`, first)
}

function renderVariant(schema: Schema): Html {
  if (schema.$ref !== undefined) {
    const name = schemaName(schema.$ref)
    return html`<a href="#schema-${name}">${name}</a>`
  }
  if (schema.const !== undefined) return renderLiteral(schema.const)
  if (schema.enum !== undefined) {
    const [first = html``, ...others] = schema.enum.filter((value) => value !== null).map(renderLiteral)
    return others.reduce((all, value) => html`${all} <i>or</i> ${value}`, first)
  }
  const type = [schema.type ?? []].flat().filter((name) => name !== 'null')
  if (type[0] === 'array') {
    return html`array of ${schema.items === undefined ? 'anything' : renderType(schema.items)}`
  }
  const { additionalProperties: values } = schema
  if (type[0] === 'object' && typeof values === 'object' && listVariants(values).some(isTyped)) {
    return html`object of ${renderType(values)}`
  }
  return html`${type.length === 0 ? 'anything' : type.join(' or ')}`
}

function isTyped({ type, $ref, enum: values, const: value }: Schema): boolean {
  return type !== undefined || $ref !== undefined || values !== undefined || value !== undefined
}

function renderLiteral(value: unknown): Html {
  return html`<code>${JSON.stringify(value)}</code>`
}

/** Describes the limits of a value, such as `0 to 2`, and its default. */
export function describeBounds(schema: Schema): string[] {
  const bounds = listVariants(schema).flatMap((form) => [
    ...describeRange(form),
    ...describeLength(form.minLength, form.maxLength, 'character'),
    ...describeLength(form.minItems, form.maxItems, 'item'),
    ...(form.pattern === undefined ? [] : [`matches \`${form.pattern}\``]),
  ])
  const given = schema.default ?? undefined
  return given === undefined ? bounds : [...bounds, `default \`${JSON.stringify(given)}\``]
}

/** Describes a range. The largest and smallest safe integers do not count as limits. */
function describeRange({
  minimum,
  maximum,
  exclusiveMinimum: above,
  exclusiveMaximum: below,
}: Schema): string[] {
  const low = minimum !== undefined && minimum > Number.MIN_SAFE_INTEGER ? formatNumber(minimum) : undefined
  const high = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER ? formatNumber(maximum) : undefined
  const open = [
    ...(above === undefined ? [] : [`greater than ${formatNumber(above)}`]),
    ...(below === undefined ? [] : [`less than ${formatNumber(below)}`]),
  ]
  if (low !== undefined && high !== undefined) return [`${low} to ${high}`, ...open]
  if (low !== undefined) return [`${low} or more`, ...open]
  return high === undefined ? open : [...open, `up to ${high}`]
}

function describeLength(least: number | undefined, most: number | undefined, what: string): string[] {
  if (least !== undefined && most !== undefined) {
    return [
      least === most ? formatCount(least, what) : `${formatNumber(least)} to ${formatCount(most, what)}`,
    ]
  }
  if (most !== undefined) return [`up to ${formatCount(most, what)}`]
  // A minimum of one is shown as "not empty".
  if (least === undefined || least === 0) return []
  return [least === 1 ? 'not empty' : `${formatCount(least, what)} or more`]
}

function formatCount(count: number, what: string): string {
  return `${formatNumber(count)} ${what}${count === 1 ? '' : 's'}`
}

function formatNumber(value: number): string {
  return value.toLocaleString('en')
}
