import { memo } from 'react'
import { count, duration, rate } from '../format.ts'
import type { LiveAnswer } from '../state/answers.ts'
import { type AnswerTurn, running } from '../state/conversation.ts'
import { type Observable, useObservable } from '../state/observable.ts'
import { CopyButton } from './copy-button.tsx'
import { IconButton } from './icon-button.tsx'
import { Markdown } from './markdown.tsx'
import { Reasoning } from './reasoning.tsx'

/** An answer while it comes: rendered again with each picture that the browser draws. */
export function LiveAnswerView({ live, model }: { live: Observable<LiveAnswer>; model: string | undefined }) {
  const { text, reasoning, promptRead } = useObservable(live)
  const waiting = text === '' && reasoning === ''
  return (
    <article className="turn answer" aria-busy="true">
      <h3 className="hidden">{model ?? 'The model'} answers</h3>
      <Reasoning text={reasoning} thinking={text === ''} />
      {text !== '' && <Markdown text={text} />}
      {waiting && (
        <p className="waiting">
          <span className="pulse" />
          {promptRead === undefined
            ? 'Waiting for the first word'
            : `Reading, ${Math.round(promptRead * 100)} %`}
        </p>
      )}
    </article>
  )
}

/** An answer that has ended, well or not. */
export const AnswerTurnView = memo(function AnswerTurnView({
  turn,
  onRetry,
}: {
  turn: AnswerTurn
  /** Undefined where another answer comes, or where it isn't the last one. */
  onRetry: (() => void) | undefined
}) {
  const problem = problemOf(turn)
  return (
    <article className="turn answer">
      <h3 className="hidden">{turn.model ?? 'The model'} answered</h3>
      <Reasoning text={turn.reasoning} thinking={false} />
      {turn.text !== '' && <Markdown text={turn.text} />}
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
        <p className="figures">{figuresOf(turn)}</p>
      </div>
    </article>
  )
})

function problemOf({ ending, problem, text }: AnswerTurn): string | undefined {
  if (ending === 'failed') return text === '' ? problem : `The answer broke off. ${problem}`
  if (ending === running) return 'The page was closed while this answer came, or it comes in another tab.'
  return undefined
}

function figuresOf({ model, ending, figures }: AnswerTurn): string {
  const parts = [model]
  if (ending === 'stopped') parts.push('stopped')
  if (ending === 'length') parts.push('cut at the limit of tokens')
  if (figures !== undefined) {
    parts.push(count(figures.tokens, 'token'))
    if (figures.tokensPerSecond > 0) parts.push(rate(figures.tokensPerSecond))
    parts.push(`first after ${duration(figures.ttftMs)}`)
  }
  return parts.filter((part) => part !== undefined).join(' · ')
}
