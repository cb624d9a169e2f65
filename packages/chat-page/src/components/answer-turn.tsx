import { memo } from 'react'
import { formatCount, formatDuration, formatRate } from '../format.ts'
import type { LiveAnswer } from '../state/answers.ts'
import { type AnswerTurn, running } from '../state/conversation.ts'
import { Observable, useObservable } from '../state/observable.ts'
import { CopyButton } from './copy-button.tsx'
import { IconButton } from './icon-button.tsx'
import { Markdown } from './markdown.tsx'
import { Reasoning } from './reasoning.tsx'
import { ToolCalls } from './tool-calls.tsx'

/** Stands for an answer that is no longer streamed. */
const ended = new Observable<LiveAnswer | undefined>(undefined)

/**
 * An answer, both while it is streamed, rendered once per animation frame, and afterwards. One component does both, so
 * that the end of the stream does not render everything again.
 */
export const AnswerTurnView = memo(function AnswerTurnView({
  turn,
  live,
  onRetry,
}: {
  turn: AnswerTurn
  live: Observable<LiveAnswer | undefined> | undefined
  /** Undefined while another answer is running, or if this is not the last one. */
  onRetry: (() => void) | undefined
}) {
  const coming = useObservable(live ?? ended)
  const { text, reasoning, calls } = coming ?? turn
  const name = turn.model ?? 'The model'
  return (
    <article className="turn answer" aria-busy={coming !== undefined}>
      <h3 className="hidden">{coming ? `${name} is answering` : `${name} answered`}</h3>
      <Reasoning text={reasoning} thinking={coming !== undefined && text === ''} />
      <ToolCalls calls={calls} />
      {text !== '' && <Markdown text={text} />}
      {coming && text === '' && reasoning === '' && <Waiting prefill={coming.prefill} />}
      {!coming && <AnswerEnd turn={turn} onRetry={onRetry} />}
    </article>
  )
})

function Waiting({ prefill }: { prefill: number | undefined }) {
  return (
    <p className="waiting">
      <span className="pulse" />
      {prefill === undefined ? 'Waiting…' : `Processing the prompt: ${Math.round(prefill * 100)}%`}
    </p>
  )
}

/** The error, the actions and the statistics of an answer. */
function AnswerEnd({ turn, onRetry }: { turn: AnswerTurn; onRetry: (() => void) | undefined }) {
  const problem = describeProblem(turn)
  return (
    <>
      {problem !== undefined && (
        <div className="problem">
          <p>{problem}</p>
          {onRetry && (
            <button type="button" onClick={onRetry}>
              Try again
            </button>
          )}
        </div>
      )}
      <div className="turn-actions">
        {turn.text !== '' && <CopyButton label="Copy answer" text={() => turn.text} />}
        {onRetry && <IconButton icon="retry" label="Regenerate answer" onClick={onRetry} />}
        <p className="figures">{formatFigures(turn)}</p>
      </div>
    </>
  )
}

function describeProblem({ ending, problem, text }: AnswerTurn): string | undefined {
  if (ending === 'failed') return text === '' ? problem : `The answer was interrupted. ${problem}`
  if (ending === running)
    return 'The page was closed before this answer was complete, or another tab is receiving it.'
  if (ending === 'content_filter') return 'The answer was stopped by a content filter.'
  return undefined
}

function formatFigures({ model, ending, figures }: AnswerTurn): string {
  const parts = [model]
  if (ending === 'stopped') parts.push('stopped')
  if (ending === 'length') parts.push('token limit reached')
  if (figures !== undefined) {
    parts.push(formatCount(figures.tokens, 'token'))
    if (figures.tokensPerSecond > 0) parts.push(formatRate(figures.tokensPerSecond))
    parts.push(`first token after ${formatDuration(figures.ttftMs)}`)
  }
  // Lines break between the statistics, not inside them.
  return parts.flatMap((part) => part?.replaceAll(' ', '\u00a0') ?? []).join(' · ')
}
