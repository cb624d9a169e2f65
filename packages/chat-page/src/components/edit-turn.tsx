import { useState } from 'react'
import type { UserTurn } from '../state/conversation.ts'
import { TextArea } from './text-area.tsx'

/** The form to edit a message of the user. */
export function EditTurn({
  turn,
  last,
  onSend,
  onCancel,
}: {
  turn: UserTurn
  last: boolean
  onSend: (text: string) => void
  onCancel: () => void
}) {
  const [text, setText] = useState(turn.text)
  const empty = text.trim() === '' && turn.images.length === 0
  return (
    <form
      className="edit"
      onSubmit={(event) => {
        event.preventDefault()
        if (!empty) onSend(text)
      }}
    >
      <TextArea label="Edit message" value={text} onChange={setText} onEscape={onCancel} focused />
      <p className="hint">{last ? '' : 'Everything after this message will be replaced.'}</p>
      <div className="buttons">
        <button type="button" onClick={onCancel}>
          Cancel
        </button>
        <button type="submit" className="primary" disabled={empty}>
          Send again
        </button>
      </div>
    </form>
  )
}
