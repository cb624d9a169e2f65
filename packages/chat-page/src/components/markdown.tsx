import { type ComponentProps, memo } from 'react'
import ReactMarkdown, { type Components } from 'react-markdown'
import remarkGfm from 'remark-gfm'
import { isTooDeep, splitBlocks } from '../blocks.ts'
import { CodeBlock } from './code-block.tsx'
import { PlainTextOnError } from './plain-text-on-error.tsx'

/**
 * Renders untrusted Markdown. HTML stays text, links other than web and mail are removed, and images are not loaded. A
 * manipulated model could use them to send the conversation to a stranger.
 */
export function Markdown({ text }: { text: string }) {
  return (
    <div className="markdown">
      {splitBlocks(text).map((block, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: blocks are only ever added at the end
        <Block key={index} text={block} />
      ))}
    </div>
  )
}

/** A block, which is not rendered again when more text follows. */
const Block = memo(function Block({ text }: { text: string }) {
  if (isTooDeep(text)) return <p className="block">{text}</p>
  return (
    <div className="block">
      <PlainTextOnError text={text}>
        <ReactMarkdown remarkPlugins={plugins} components={components}>
          {text}
        </ReactMarkdown>
      </PlainTextOnError>
    </div>
  )
})

const plugins = [remarkGfm]

const components: Components = {
  pre: ({ children }) => <CodeBlock>{children}</CodeBlock>,
  a: ({ href, children }) => <Link href={href}>{children}</Link>,
  img: ({ src, alt }) => <Link href={src}>{alt || src || 'image'}</Link>,
  table: ({ children }) => (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table is scrolled by the keyboard too
    <section className="table" aria-label="Table" tabIndex={0}>
      <table>{children}</table>
    </section>
  ),
}

function Link({ href, children }: ComponentProps<'a'>) {
  if (!href) return children
  if (href.startsWith('#')) return <a href={href}>{children}</a>
  return (
    <a href={href} target="_blank" rel="noopener noreferrer">
      {children}
    </a>
  )
}
