import { Markdown } from './markdown.tsx'

/** The reasoning of the model, collapsed. */
export function Reasoning({ text, thinking }: { text: string; thinking: boolean }) {
  if (text === '') return null
  return (
    <details className="folded reasoning">
      <summary>{thinking ? 'Thinking…' : 'Reasoning'}</summary>
      <Markdown text={text} />
    </details>
  )
}
