import { useState } from 'react'
import { useServices } from '../services.ts'
import type { Conversation } from '../state/conversation.ts'
import { useObservable } from '../state/observable.ts'
import { ConversationEntry } from './conversation-entry.tsx'
import { Icon } from './icon.tsx'
import { Modal } from './modal.tsx'

/** The list of conversations, to open, rename and delete them. */
export function Sidebar({ current, onOpen }: { current: string; onOpen: (id: string) => void }) {
  const { library, answers } = useServices()
  const { conversations } = useObservable(library)
  const runningAnswers = useObservable(answers)
  const [deleting, setDeleting] = useState<Conversation>()
  return (
    <nav className="sidebar" aria-label="Conversations">
      <button type="button" className="new" onClick={() => onOpen('')}>
        <Icon name="add" />
        New conversation
      </button>
      <ul>
        {conversations.map((conversation) => (
          <ConversationEntry
            key={conversation.id}
            conversation={conversation}
            current={conversation.id === current}
            answering={runningAnswers.has(conversation.id)}
            onOpen={() => onOpen(conversation.id)}
            onRename={(title) => library.put({ ...conversation, title })}
            onDelete={() => setDeleting(conversation)}
          />
        ))}
      </ul>
      {deleting && (
        <Modal title="Delete this conversation?" onClose={() => setDeleting(undefined)}>
          <p>“{deleting.title}” will be deleted permanently.</p>
          <div className="buttons">
            <button type="button" onClick={() => setDeleting(undefined)}>
              Cancel
            </button>
            <button
              type="button"
              className="primary danger"
              onClick={() => {
                answers.stop(deleting.id)
                library.remove(deleting.id)
                if (deleting.id === current) onOpen('')
                setDeleting(undefined)
              }}
            >
              Delete
            </button>
          </div>
        </Modal>
      )}
    </nav>
  )
}
