import { useEffect, useState, useSyncExternalStore } from 'react'

/**
 * Copies text to the clipboard. Pages that were not loaded over HTTPS or from loopback need the old way, and so do apps
 * that deny all permissions.
 */
export async function copyText(text: string): Promise<void> {
  const isCopied = await navigator.clipboard?.writeText(text).then(
    () => true,
    () => false,
  )
  if (isCopied) return
  const area = document.createElement('textarea')
  area.value = text
  document.body.append(area)
  area.select()
  document.execCommand('copy')
  area.remove()
}

/** Downloads a text as a file. */
export function saveFile(name: string, text: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([text], { type: 'application/json' }))
  link.download = name
  link.click()
  URL.revokeObjectURL(link.href)
}

/** Whether a media query matches. */
export function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (listener) => {
      const media = matchMedia(query)
      media.addEventListener('change', listener)
      return () => media.removeEventListener('change', listener)
    },
    () => matchMedia(query).matches,
  )
}

/** Returns the part of the URL after #, which is the open conversation, so that it survives a reload. */
export function useHash(): string {
  return useSyncExternalStore(
    (listener) => {
      addEventListener('hashchange', listener)
      return () => removeEventListener('hashchange', listener)
    },
    () => location.hash.slice(1),
  )
}

/** Sets the part of the URL after #. */
export function setHash(hash: string): void {
  location.hash = hash
  // The browser's own event may arrive after the next key press, which would go to the previous conversation.
  dispatchEvent(new Event('hashchange'))
}

/** Returns a flag that is true for a while after `mark` was called. */
export function useRecentFlag(milliseconds: number): [boolean, () => void] {
  const [times, setTimes] = useState(0)
  const [recently, setRecently] = useState(false)
  useEffect(() => {
    if (times === 0) return
    setRecently(true)
    const timer = setTimeout(() => setRecently(false), milliseconds)
    return () => clearTimeout(timer)
  }, [times, milliseconds])
  return [recently, () => setTimes((before) => before + 1)]
}
