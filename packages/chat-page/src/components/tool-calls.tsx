import { memo } from 'react'
import type { ToolCall } from '../transport/transport.ts'

/** The calls that were made for an answer: a line each, and opened what came of it. */
export function ToolCalls({ calls = [] }: { calls?: readonly ToolCall[] | undefined }) {
  // biome-ignore lint/suspicious/noArrayIndexKey: calls are only ever added, and some models repeat their ids
  return calls.map((call, index) => <ToolCallView key={index} call={call} />)
}

/** Rendered once: arguments and results may be long, and an answer is rendered again with each token. */
const ToolCallView = memo(function ToolCallView({ call }: { call: ToolCall }) {
  const { server, name, result, failed } = call
  return (
    <details className="folded call">
      <summary>
        {failed ? <span className="wrong">Failed: </span> : 'Called '}
        {name}
        {server !== '' && ` of ${server}`} <code>{JSON.stringify(call.arguments)}</code>
      </summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard has to reach it */}
      <section className="result" aria-label={`Result of ${name}`} tabIndex={0}>
        {result}
      </section>
    </details>
  )
})
