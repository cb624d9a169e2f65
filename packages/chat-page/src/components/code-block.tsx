import { isValidElement, type ReactNode, useRef } from 'react'
import { CopyButton } from './copy-button.tsx'

/** Code with its language and a button that copies it. */
export function CodeBlock({ children }: { children: ReactNode }) {
  const code = useRef<HTMLPreElement>(null)
  const language = languageOf(children)
  return (
    <figure className="code-block">
      <figcaption>
        <span>{language}</span>
        <CopyButton label="Copy the code" text={() => code.current?.textContent?.replace(/\n$/, '') ?? ''} />
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: wide code is scrolled by the keyboard too */}
      <pre ref={code} tabIndex={0}>
        {children}
      </pre>
    </figure>
  )
}

/** The word after the opening fence, which Markdown makes a class of the code element. */
function languageOf(children: ReactNode): string {
  if (!isValidElement<{ className?: string }>(children)) return ''
  return /language-(\S+)/.exec(children.props.className ?? '')?.[1] ?? ''
}
