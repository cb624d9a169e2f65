import { type ReactNode, useEffect, useRef, useState } from 'react'
import { IconButton } from './icon-button.tsx'

/** How close to the end, in pixels, counts as the end. */
const nearPixels = 8

/** Follows growing content at the end, until the user scrolls up. Back at the end, it follows again. */
export function Scroller({ children }: { children: ReactNode }) {
  const view = useRef<HTMLDivElement>(null)
  const content = useRef<HTMLDivElement>(null)
  const follows = useRef(true)
  const [away, setAway] = useState(false)

  const toEnd = () => {
    if (view.current) view.current.scrollTop = view.current.scrollHeight
  }

  useEffect(() => {
    const element = view.current
    if (element === null || content.current === null) return
    let top = 0
    const scrolled = () => {
      const left = element.scrollHeight - element.clientHeight - element.scrollTop
      if (left <= nearPixels) follows.current = true
      else if (element.scrollTop < top) follows.current = false
      top = element.scrollTop
      setAway(!follows.current)
    }
    const grown = new ResizeObserver(() => {
      if (follows.current) element.scrollTop = element.scrollHeight
    })
    grown.observe(content.current)
    grown.observe(element)
    element.addEventListener('scroll', scrolled, { passive: true })
    return () => {
      grown.disconnect()
      element.removeEventListener('scroll', scrolled)
    }
  }, [])

  return (
    <div className="scroller">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it is scrolled by the keyboard too */}
      <section ref={view} className="scroll" aria-label="Conversation" tabIndex={0}>
        <div ref={content} className="column turns">
          {children}
        </div>
      </section>
      {away && (
        <IconButton icon="down" label="Scroll to end" className="icon-button to-end" onClick={toEnd} />
      )}
    </div>
  )
}
