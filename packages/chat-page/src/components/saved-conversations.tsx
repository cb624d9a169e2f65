import { useRef, useState } from 'react'
import { saveFile } from '../browser.ts'
import { errorMessage, formatCount } from '../format.ts'
import { useServices } from '../services.ts'
import { maxConversations } from '../state/library.ts'
import { useObservable } from '../state/observable.ts'

/** The maximum size of an import. Larger files contain more than the page stores. */
const maxFileBytes = 200_000_000

/** Exports and imports conversations. */
export function SavedConversations() {
  const { library } = useServices()
  const { conversations, unreadable } = useObservable(library)
  const files = useRef<HTMLInputElement>(null)
  const [message, setMessage] = useState('')

  const read = async (file: File | undefined) => {
    if (file === undefined) return
    try {
      if (file.size > maxFileBytes) throw new Error('The file is too large.')
      const many = library.importFrom(await file.text())
      setMessage(`Imported ${formatCount(many, 'conversation')}.`)
    } catch (error) {
      setMessage(`${file.name} was not imported. ${errorMessage(error)}`)
    }
  }

  return (
    <section className="kept" aria-label="Saved conversations">
      <p className="hint">
        This browser stores your latest {maxConversations} conversations. They are sent only to the model.
      </p>
      <div className="buttons">
        <button
          type="button"
          disabled={conversations.length + unreadable.length === 0}
          onClick={() => saveFile('conversations.json', library.exportText())}
        >
          Export conversations
        </button>
        <button type="button" onClick={() => files.current?.click()}>
          Import conversations
        </button>
        <input
          ref={files}
          type="file"
          accept="application/json,.json"
          aria-label="Conversations file"
          hidden
          onChange={(event) => {
            void read(event.target.files?.[0])
            event.target.value = ''
          }}
        />
        {unreadable.length > 0 && (
          <button type="button" onClick={() => unreadable.map(({ id }) => library.remove(id))}>
            Delete unreadable conversations
          </button>
        )}
      </div>
      <p className="hint" role="status">
        {message}
      </p>
    </section>
  )
}
