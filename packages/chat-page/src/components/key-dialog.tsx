import { useState } from 'react'
import { useServices } from '../services.ts'
import { Modal } from './modal.tsx'

/** Asks for the key of the server, which the browser keeps until the tab is closed. */
export function KeyDialog({ reason }: { reason: 'missing' | 'refused' }) {
  const { server } = useServices()
  const [key, setKey] = useState('')
  return (
    <Modal title="This server requires a key">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (key.trim() !== '') server.giveKey(key.trim())
        }}
      >
        <label>
          <span>Key</span>
          <input
            type="password"
            autoComplete="off"
            value={key}
            aria-describedby="key-hint"
            onChange={(event) => setKey(event.target.value)}
          />
          <small id="key-hint" className={reason === 'refused' ? 'wrong' : ''}>
            {reason === 'refused'
              ? 'The server rejected this key.'
              : 'The key is stored until you close this tab.'}
          </small>
        </label>
        <div className="buttons">
          <button type="submit" className="primary">
            Continue
          </button>
        </div>
      </form>
    </Modal>
  )
}
