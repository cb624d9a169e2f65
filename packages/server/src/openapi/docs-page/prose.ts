import { html } from 'hono/html'

/** A piece of the page. What is put into one as a string is escaped. */
export type Html = ReturnType<typeof html>

/** Text in which `backticks` are code and an empty line begins a paragraph: all that descriptions use of Markdown. */
export function renderProse(text: string): Html[] {
  return text.split(/\n\s*\n/).map((paragraph) => html`<p>${renderInline(paragraph)}</p>`)
}

/** The same within a line. */
export function renderInline(text: string): Html[] {
  return text.split('`').map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : html`${part}`))
}
