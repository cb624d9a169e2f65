import { useServices } from '../services.ts'
import type { Model } from '../transport/transport.ts'
import { IconButton } from './icon-button.tsx'

/** The model menu, and the buttons for conversations and settings. */
export function TopBar({
  models,
  model,
  onMenu,
  onSettings,
}: {
  models: readonly Model[]
  model: string | undefined
  /** Undefined if the conversations are visible. */
  onMenu: (() => void) | undefined
  onSettings: () => void
}) {
  const { server, settings } = useServices()
  const choose = (id: string) => {
    settings.change({ model: id })
    if (models.find((candidate) => candidate.id === id)?.loaded) server.cancelLoad()
    else void server.load(id)
  }
  return (
    <header className="top-bar">
      {onMenu && <IconButton icon="menu" label="Conversations" onClick={onMenu} />}
      <h1 className="hidden">Chat</h1>
      <select
        aria-label="Model"
        value={model ?? ''}
        disabled={models.length === 0}
        onChange={(event) => choose(event.target.value)}
      >
        {models.length === 0 && <option value={model ?? ''}>{model ?? 'No model'}</option>}
        {models.length > 0 && model === undefined && <option value="">Choose a model</option>}
        {models.map(({ id, loaded }) => (
          <option key={id} value={id}>
            {loaded ? id : `${id} (not loaded)`}
          </option>
        ))}
      </select>
      <IconButton icon="settings" label="Settings" onClick={onSettings} />
    </header>
  )
}
