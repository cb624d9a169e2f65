import { useState } from 'react'
import { formatNumber } from '../format.ts'
import { useServices } from '../services.ts'
import { useObservable } from '../state/observable.ts'
import { readNumber, type SamplingField, samplingFields } from '../state/settings.ts'
import type { SamplingDefaults } from '../transport/transport.ts'
import { Modal } from './modal.tsx'
import { SavedConversations } from './saved-conversations.tsx'
import { ToolServers } from './tool-servers.tsx'

interface SettingsDialogProps {
  /** The defaults of the model. */
  defaults: SamplingDefaults | undefined
  onClose: () => void
}

/** The settings for messages, and export and import of conversations. */
export function SettingsDialog({ defaults = {}, onClose }: SettingsDialogProps) {
  const { settings } = useServices()
  const { system } = useObservable(settings)
  return (
    <Modal title="Settings" onClose={onClose}>
      <label>
        <span>System prompt</span>
        <textarea
          rows={4}
          value={system}
          placeholder="Answer in one sentence."
          onChange={(event) => settings.change({ system: event.target.value })}
        />
      </label>
      <div className="sampling">
        {samplingFields.map((field) => (
          <NumberField key={field.name} field={field} byDefault={defaults[field.name]} />
        ))}
      </div>
      <ToolServers />
      <SavedConversations />
    </Modal>
  )
}

interface NumberFieldProps {
  field: SamplingField
  byDefault: number | undefined
}

function NumberField({ field, byDefault }: NumberFieldProps) {
  const { settings } = useServices()
  const [text, setText] = useState(() => String(settings.get()[field.name] ?? ''))
  const wrong = text.trim() !== '' && readNumber(field, text) === undefined
  const { name, label, minimum, maximum, hint } = field
  return (
    <label>
      <span>{label}</span>
      <input
        inputMode="decimal"
        autoComplete="off"
        placeholder={byDefault === undefined ? 'Server default' : `Default: ${formatNumber(byDefault)}`}
        value={text}
        aria-invalid={wrong}
        aria-describedby={`${name}-hint`}
        onChange={(event) => {
          setText(event.target.value)
          settings.change({ [name]: readNumber(field, event.target.value) })
        }}
      />
      <small id={`${name}-hint`} className={wrong ? 'wrong' : ''}>
        {wrong ? `Enter a number from ${formatNumber(minimum)} to ${formatNumber(maximum)}` : hint}
      </small>
    </label>
  )
}
