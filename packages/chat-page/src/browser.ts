import { useEffect, useState, useSyncExternalStore } from 'react'

/** Puts text on the clipboard; pages that did not come over HTTPS or loopback have only the old way. */
export async function copyText(text: string): Promise<void> {
  if (navigator.clipboard !== undefined) return navigator.clipboard.writeText(text)
  const area = document.createElement('textarea')
  area.value = text
  document.body.append(area)
  area.select()
  document.execCommand('copy')
  area.remove()
}

/** Lets the person at the page save a file. */
export function saveFile(name: string, text: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([text], { type: 'application/json' }))
  link.download = name
  link.click()
  URL.revokeObjectURL(link.href)
}

/** True for as long as a media query holds. */
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

/** What stands behind # in the address: the conversation that is open, which so survives a reload. */
export function useHash(): string {
  return useSyncExternalStore(
    (listener) => {
      addEventListener('hashchange', listener)
      return () => removeEventListener('hashchange', listener)
    },
    () => location.hash.slice(1),
  )
}

export function setHash(hash: string): void {
  location.hash = hash
  // The browser's own event comes later, maybe after the next key: that one would still be for what was open before.
  dispatchEvent(new Event('hashchange'))
}

/** Whether something was done a moment ago; `mark` says that it was. */
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
