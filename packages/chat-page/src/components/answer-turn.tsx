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

/** Of an answer that has ended. */
const ended = new Observable<LiveAnswer | undefined>(undefined)

/**
 * An answer while it comes, rendered again with each picture that the browser draws, and when it has ended, well or
 * not: one component, so that its end renders nothing anew.
 */
export const AnswerTurnView = memo(function AnswerTurnView({
  turn,
  live,
  onRetry,
}: {
  turn: AnswerTurn
  live: Observable<LiveAnswer | undefined> | undefined
  /** Undefined where another answer comes, or where it isn't the last one. */
  onRetry: (() => void) | undefined
}) {
  const coming = useObservable(live ?? ended)
  const { text, reasoning, calls } = coming ?? turn
  const name = turn.model ?? 'The model'
  return (
    <article className="turn answer" aria-busy={coming !== undefined}>
      <h3 className="hidden">{coming ? `${name} answers` : `${name} answered`}</h3>
      <Reasoning text={reasoning} thinking={coming !== undefined && text === ''} />
      <ToolCalls calls={calls} />
      {text !== '' && <Markdown text={text} />}
      {coming && text === '' && reasoning === '' && <Waiting promptRead={coming.promptRead} />}
      {!coming && <AnswerEnd turn={turn} onRetry={onRetry} />}
    </article>
  )
})

function Waiting({ promptRead }: { promptRead: number | undefined }) {
  return (
    <p className="waiting">
      <span className="pulse" />
      {promptRead === undefined ? 'Waiting for the first word' : `Reading, ${Math.round(promptRead * 100)} %`}
    </p>
  )
}

/** What went wrong, what one can do with the answer, and its figures. */
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
        {turn.text !== '' && <CopyButton label="Copy the answer" text={() => turn.text} />}
        {onRetry && <IconButton icon="retry" label="Answer again" onClick={onRetry} />}
        <p className="figures">{formatFigures(turn)}</p>
      </div>
    </>
  )
}

function describeProblem({ ending, problem, text }: AnswerTurn): string | undefined {
  if (ending === 'failed') return text === '' ? problem : `The answer broke off. ${problem}`
  if (ending === running) return 'The page was closed while this answer came, or it comes in another tab.'
  return undefined
}

function formatFigures({ model, ending, figures }: AnswerTurn): string {
  const parts = [model]
  if (ending === 'stopped') parts.push('stopped')
  if (ending === 'length') parts.push('cut at the limit of tokens')
  if (figures !== undefined) {
    parts.push(formatCount(figures.tokens, 'token'))
    if (figures.tokensPerSecond > 0) parts.push(formatRate(figures.tokensPerSecond))
    parts.push(`first after ${formatDuration(figures.ttftMs)}`)
  }
  // Lines break between figures, not in them.
  return parts.flatMap((part) => part?.replaceAll(' ', '\u00a0') ?? []).join(' · ')
}
