import { copyText, useRecentFlag } from '../browser.ts'
import { IconButton } from './icon-button.tsx'

/** A button that copies a text and briefly confirms it. */
export function CopyButton({ label, text }: { label: string; text: () => string }) {
  const [copied, mark] = useRecentFlag(1500)
  return (
    <IconButton
      icon={copied ? 'done' : 'copy'}
      label={copied ? 'Copied' : label}
      onClick={() => void copyText(text()).then(mark)}
    />
  )
}
