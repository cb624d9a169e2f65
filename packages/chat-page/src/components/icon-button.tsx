import type { ComponentProps } from 'react'
import { Icon, type IconName } from './icon.tsx'

/** A button with an icon. The label is its accessible name and its tooltip. */
export function IconButton({
  icon,
  label,
  ...rest
}: { icon: IconName; label: string } & ComponentProps<'button'>) {
  return (
    <button type="button" className="icon-button" aria-label={label} title={label} {...rest}>
      <Icon name={icon} />
    </button>
  )
}
