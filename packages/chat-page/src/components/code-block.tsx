import { isValidElement, type ReactNode, useRef } from 'react'
import { CopyButton } from './copy-button.tsx'

/** A code block with its language and a copy button. */
export function CodeBlock({ children }: { children: ReactNode }) {
  const code = useRef<HTMLPreElement>(null)
  const language = languageOf(children)
  return (
    <figure className="code-block">
      <figcaption>
        <span>{language}</span>
        <CopyButton label="Copy code" text={() => code.current?.textContent?.replace(/\n$/, '') ?? ''} />
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: wide code is scrolled by the keyboard too */}
      <pre ref={code} tabIndex={0}>
        {children}
      </pre>
    </figure>
  )
}

/** Returns the language after the opening fence, which Markdown puts into the class of the code element. */
function languageOf(children: ReactNode): string {
  if (!isValidElement<{ className?: string }>(children)) return ''
  return /language-(\S+)/.exec(children.props.className ?? '')?.[1] ?? ''
}
