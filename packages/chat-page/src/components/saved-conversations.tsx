import { useRef, useState } from 'react'
import { saveFile } from '../browser.ts'
import { errorMessage } from '../format.ts'
import { useServices } from '../services.ts'
import { maxConversations } from '../state/library.ts'
import { useObservable } from '../state/observable.ts'

/** A larger file holds more than is kept. */
const maxFileBytes = 200_000_000

/** The conversations as a file, out and in. */
export function SavedConversations() {
  const { library } = useServices()
  const { conversations, unreadable } = useObservable(library)
  const files = useRef<HTMLInputElement>(null)
  const [message, setMessage] = useState('')

  const read = async (file: File | undefined) => {
    if (file === undefined) return
    try {
      if (file.size > maxFileBytes) throw new Error('It is too large.')
      const many = library.importFrom(await file.text())
      setMessage(many === 1 ? 'One conversation was added.' : `${many} conversations were added.`)
    } catch (error) {
      setMessage(`${file.name} was not added. ${errorMessage(error)}`)
    }
  }

  return (
    <section className="kept" aria-label="Kept conversations">
      <p className="hint">
        This browser keeps the newest {maxConversations} conversations. They are sent nowhere but to the
        model.
      </p>
      <div className="buttons">
        <button
          type="button"
          disabled={conversations.length + unreadable.length === 0}
          onClick={() => saveFile('conversations.json', library.exportText())}
        >
          Save as a file
        </button>
        <button type="button" onClick={() => files.current?.click()}>
          Add from a file
        </button>
        <input
          ref={files}
          type="file"
          accept="application/json,.json"
          aria-label="File of conversations"
          hidden
          onChange={(event) => {
            void read(event.target.files?.[0])
            event.target.value = ''
          }}
        />
        {unreadable.length > 0 && (
          <button type="button" onClick={() => unreadable.map(({ id }) => library.remove(id))}>
            Delete what can not be read
          </button>
        )}
      </div>
      <p className="hint" role="status">
        {message}
      </p>
    </section>
  )
}
