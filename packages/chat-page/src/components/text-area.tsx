import { type ComponentProps, useLayoutEffect, useRef } from 'react'

/** A text field that grows with its text. Enter submits its form, and Shift+Enter starts a new line. */
export function TextArea({
  label,
  value,
  onChange,
  onEscape,
  focused = false,
  ...rest
}: {
  label: string
  value: string
  onChange: (value: string) => void
  onEscape?: () => void
  /** Whether to focus the field when it appears. */
  focused?: boolean
} & Omit<ComponentProps<'textarea'>, 'onChange' | 'value' | 'ref'>) {
  const area = useRef<HTMLTextAreaElement>(null)
  useLayoutEffect(() => {
    if (focused) area.current?.focus()
  }, [focused])
  // biome-ignore lint/correctness/useExhaustiveDependencies: the height follows the text
  useLayoutEffect(() => {
    const element = area.current
    if (element === null) return
    element.style.height = 'auto'
    element.style.height = `${element.scrollHeight}px`
  }, [value])
  return (
    <textarea
      ref={area}
      rows={1}
      maxLength={500_000}
      aria-label={label}
      value={value}
      onChange={(event) => onChange(event.target.value)}
      onKeyDown={(event) => {
        // While an input method is composing, Enter confirms its input.
        if (event.nativeEvent.isComposing) return
        if (event.key === 'Enter' && !event.shiftKey) {
          event.preventDefault()
          event.currentTarget.form?.requestSubmit()
        } else if (event.key === 'Escape' && onEscape) {
          event.stopPropagation()
          onEscape()
        }
      }}
      {...rest}
    />
  )
}
