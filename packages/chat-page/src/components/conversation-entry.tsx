import { useEffect, useRef, useState } from 'react'
import { type Conversation, maxTitleCharacters } from '../state/conversation.ts'
import { IconButton } from './icon-button.tsx'

/** An entry in the list of conversations. */
export function ConversationEntry({
  conversation,
  current,
  answering,
  onOpen,
  onRename,
  onDelete,
}: {
  conversation: Conversation
  current: boolean
  answering: boolean
  onOpen: () => void
  onRename: (title: string) => void
  onDelete: () => void
}) {
  const [renaming, setRenaming] = useState(false)
  const input = useRef<HTMLInputElement>(null)
  const opener = useRef<HTMLButtonElement>(null)
  useEffect(() => {
    if (renaming) input.current?.select()
  }, [renaming])

  const finish = (title: string | undefined) => {
    setRenaming(false)
    if (title !== undefined && title.trim() !== '') onRename(title.trim())
    requestAnimationFrame(() => opener.current?.focus())
  }

  if (renaming) {
    return (
      <li>
        <form
          onSubmit={(event) => {
            event.preventDefault()
            finish(input.current?.value)
          }}
        >
          <input
            ref={input}
            aria-label="Title"
            defaultValue={conversation.title}
            maxLength={maxTitleCharacters}
            onBlur={(event) => finish(event.target.value)}
            onKeyDown={(event) => {
              if (event.key !== 'Escape') return
              event.stopPropagation()
              finish(undefined)
            }}
          />
        </form>
      </li>
    )
  }
  return (
    <li className={current ? 'current' : ''}>
      <button
        ref={opener}
        type="button"
        className="open"
        aria-current={current ? 'page' : undefined}
        onClick={onOpen}
      >
        {answering && <span className="pulse" role="img" aria-label="Answering" />}
        <span className="title">{conversation.title}</span>
      </button>
      <IconButton icon="edit" label={`Rename “${conversation.title}”`} onClick={() => setRenaming(true)} />
      <IconButton icon="remove" label={`Delete “${conversation.title}”`} onClick={onDelete} />
    </li>
  )
}
