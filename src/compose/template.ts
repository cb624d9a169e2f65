import type { RenderContext } from './context.ts'

/** A part of a template: text, a value of the context, or text that depends on a value. */
export type TemplatePart =
  | string
  | { value: keyof RenderContext; json?: true }
  | { when: keyof RenderContext; parts: Template; otherwise: Template }

/**
 * A parsed Handlebars template. It is data that can be packed as JSON and rendered without Handlebars, whose runtime
 * alone takes as long to load as all files take to write.
 */
export type Template = readonly TemplatePart[]

/** Renders a template. Nothing is escaped. */
export function render(template: Template, context: RenderContext): string {
  return template.map((part) => renderPart(part, context)).join('')
}

function renderPart(part: TemplatePart, context: RenderContext): string {
  if (typeof part === 'string') return part
  if ('when' in part) return render(context[part.when] ? part.parts : part.otherwise, context)
  const value = context[part.value]
  return part.json ? JSON.stringify(value) : String(value)
}
