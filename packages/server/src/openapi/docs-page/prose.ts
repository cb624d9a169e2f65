import { html } from 'hono/html'

/** A piece of HTML. Strings in it are escaped. */
export type Html = ReturnType<typeof html>

/** Renders the Markdown that descriptions use: `code` in backticks, and paragraphs. */
export function renderProse(text: string): Html[] {
  return text.split(/\n\s*\n/).map((paragraph) => html`<p>${renderInline(paragraph)}</p>`)
}

/** Renders `code` in backticks. */
export function renderInline(text: string): Html[] {
  return text.split('`').map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : html`${part}`))
}
