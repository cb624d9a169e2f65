import { useEffect, useRef, useState } from 'react'
import { type Conversation, running } from '../state/conversation.ts'

/** Announces a complete answer to screen readers, instead of each token. */
export function Announcer({ conversation }: { conversation: Conversation | undefined }) {
  const [said, setSaid] = useState('')
  const waited = useRef<string>(undefined)
  const last = conversation?.turns.at(-1)
  const answer = last?.role === 'assistant' ? last : undefined
  useEffect(() => {
    if (answer === undefined) return
    if (answer.ending === running) {
      waited.current = answer.id
      setSaid('')
    } else if (waited.current === answer.id) {
      waited.current = undefined
      setSaid([answer.text, answer.problem].filter(Boolean).join(' '))
    }
  }, [answer])
  return (
    <div className="hidden" aria-live="polite">
      {said}
    </div>
  )
}
