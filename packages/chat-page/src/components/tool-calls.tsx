import { memo } from 'react'
import type { ToolCall } from '../transport/transport.ts'

/** The tool calls of an answer, one line each, which expand to the result. */
export function ToolCalls({ calls = [] }: { calls?: readonly ToolCall[] | undefined }) {
  // biome-ignore lint/suspicious/noArrayIndexKey: calls are only ever added, and some models repeat their ids
  return calls.map((call, index) => <ToolCallView key={index} call={call} />)
}

/** A tool call. It is rendered only once, because arguments and results can be long. */
const ToolCallView = memo(function ToolCallView({ call }: { call: ToolCall }) {
  const { server, name, result, failed } = call
  return (
    <details className="folded call">
      <summary>
        {failed ? <span className="wrong">Failed: </span> : 'Called '}
        {name}
        {server !== '' && ` from ${server}`} <code>{JSON.stringify(call.arguments)}</code>
      </summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard has to reach it */}
      <section className="result" aria-label={`Result of ${name}`} tabIndex={0}>
        {result}
      </section>
    </details>
  )
})
