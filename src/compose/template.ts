import type { RenderContext } from './context.ts'

/** A piece of a template: text, a value of the context, or text that depends on one. */
export type TemplatePart =
  | string
  | { value: keyof RenderContext; json?: true }
  | { when: keyof RenderContext; parts: Template; otherwise: Template }

/**
 * A Handlebars template, parsed: data, so that it is packed as JSON and rendered without Handlebars, whose
 * runtime alone would take as long to load as all files take to write.
 */
export type Template = readonly TemplatePart[]

/** The text that a template gives. Nothing is escaped. */
export function render(template: Template, context: RenderContext): string {
  return template.map((part) => renderPart(part, context)).join('')
}

function renderPart(part: TemplatePart, context: RenderContext): string {
  if (typeof part === 'string') return part
  if ('when' in part) return render(context[part.when] ? part.parts : part.otherwise, context)
  const value = context[part.value]
  return part.json ? JSON.stringify(value) : String(value)
}
