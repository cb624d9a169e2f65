import { type ReactNode, useEffect, useId, useRef } from 'react'
import { IconButton } from './icon-button.tsx'

/** A modal dialog. The browser traps the focus, closes the dialog on Escape and restores the focus. */
export function Modal({
  title,
  className = '',
  onClose,
  children,
}: {
  title: string
  className?: string
  /** Undefined if the dialog cannot be closed. */
  onClose?: (() => void) | undefined
  children: ReactNode
}) {
  const dialog = useRef<HTMLDialogElement>(null)
  const titleId = useId()
  useEffect(() => {
    const element = dialog.current
    if (element === null) return
    element.showModal()
    return () => element.close()
  }, [])
  return (
    <dialog
      ref={dialog}
      className={`modal ${className}`}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault()
        onClose?.()
      }}
      onClick={(event) => event.target === dialog.current && onClose?.()}
      onKeyDown={(event) => event.stopPropagation()}
    >
      <div className="modal-inside">
        <header className="modal-head">
          <h2 id={titleId}>{title}</h2>
          {onClose && <IconButton icon="close" label="Close" onClick={onClose} />}
        </header>
        {children}
      </div>
    </dialog>
  )
}
