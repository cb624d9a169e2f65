import { Fragment } from 'react'
import { useServices } from '../services.ts'
import type { Conversation, UserTurn } from '../state/conversation.ts'
import { running } from '../state/conversation.ts'
import { useObservable } from '../state/observable.ts'
import { AnswerTurnView } from './answer-turn.tsx'
import { Scroller } from './scroller.tsx'
import { UserTurnView } from './user-turn.tsx'

/** The turns of a conversation. */
export function Transcript({
  conversation,
  onRetry,
  onEdit,
}: {
  conversation: Conversation
  onRetry: () => void
  onEdit: (turn: UserTurn, text: string) => void
}) {
  const live = useObservable(useServices().answers).get(conversation.id)?.live
  const last = conversation.turns.at(-1)
  const lastQuestion = conversation.turns.findLast(({ role }) => role === 'user')
  return (
    <Scroller key={conversation.id}>
      <h2 className="hidden">{conversation.title}</h2>
      {conversation.turns.map((turn) => (
        <Fragment key={turn.id}>
          {turn.role === 'user' && (
            <UserTurnView turn={turn} last={turn === lastQuestion} onEdit={live ? undefined : onEdit} />
          )}
          {turn.role === 'assistant' && (
            <AnswerTurnView
              turn={turn}
              live={turn.ending === running ? live : undefined}
              onRetry={turn === last && !live ? onRetry : undefined}
            />
          )}
        </Fragment>
      ))}
    </Scroller>
  )
}
