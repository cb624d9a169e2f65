import { Markdown } from './markdown.tsx'

/** What the model thought before it answered, folded. */
export function Reasoning({ text, thinking }: { text: string; thinking: boolean }) {
  if (text === '') return null
  return (
    <details className="folded reasoning">
      <summary>{thinking ? 'Thinking…' : 'Thought'}</summary>
      <Markdown text={text} />
    </details>
  )
}
