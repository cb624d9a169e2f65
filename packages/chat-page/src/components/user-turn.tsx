import { memo, useState } from 'react'
import type { UserTurn } from '../state/conversation.ts'
import { CopyButton } from './copy-button.tsx'
import { EditTurn } from './edit-turn.tsx'
import { IconButton } from './icon-button.tsx'

/** A message of the user, as it was typed. */
export const UserTurnView = memo(function UserTurnView({
  turn,
  last,
  onEdit,
}: {
  turn: UserTurn
  last: boolean
  /** Undefined while an answer is running. */
  onEdit: ((turn: UserTurn, text: string) => void) | undefined
}) {
  const [editing, setEditing] = useState(false)
  if (editing && onEdit) {
    const send = (text: string) => {
      setEditing(false)
      onEdit(turn, text)
    }
    return <EditTurn turn={turn} last={last} onSend={send} onCancel={() => setEditing(false)} />
  }
  return (
    <article className="turn user">
      <h3 className="hidden">You said</h3>
      <div className="bubble">
        {turn.images.map((image, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the images of a turn don't change
          <img key={index} src={image} alt={`Attachment ${index + 1}`} />
        ))}
        {turn.text}
      </div>
      <div className="turn-actions">
        {turn.text !== '' && <CopyButton label="Copy message" text={() => turn.text} />}
        {onEdit && <IconButton icon="edit" label="Edit message" onClick={() => setEditing(true)} />}
      </div>
    </article>
  )
})
