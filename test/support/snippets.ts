/** Joins the TypeScript snippets of a document to one program, so that they can be type-checked and run. */

interface Snippet {
  code: string
  /** Whether the snippet can run. False for ```ts no-run, which needs something that tests don't have. */
  runs: boolean
}

export interface SnippetProgram {
  code: string
  /** The output that each snippet announces with `console.log(...) // text`. */
  expected: string[][]
}

const mark = '--- snippet'

/**
 * Returns the program of a document. The first snippet is shared by the others, which are in separate blocks. The semicolon is
 * for TypeScript, which would read a block after an arrow function as its body.
 */
export function programOf(markdown: string): SnippetProgram {
  const [first, ...others] = snippetsOf(markdown)
  if (first === undefined) throw new Error('The document has no snippets.')
  const marked = ({ code }: Snippet) => `console.log('\\n${mark}')\n${code}`
  const blocks = others.map((snippet, index) =>
    snippet.runs
      ? `;{\n${marked(snippet)}}\n`
      : `export async function unused${index}() {\n${snippet.code}}\n`,
  )
  return {
    code: [first.code, ...blocks].join('\n'),
    expected: others.filter(({ runs }) => runs).map(({ code }) => printed(code)),
  }
}

/** Returns the lines that each snippet of the program printed. */
export function outputOf(stdout: string): string[][] {
  const [, ...parts] = stdout.split(`${mark}\n`)
  return parts.map((part) => part.split('\n').filter((line) => line !== ''))
}

/** Returns the TypeScript snippets of a document. */
export function snippetsOf(markdown: string): Snippet[] {
  const fences = markdown.matchAll(/^```ts( no-run)?\n(.*?)^```$/gms)
  return Array.from(fences, ([, note, code = '']) => ({ code, runs: note === undefined }))
}

function printed(code: string): string[] {
  return Array.from(code.matchAll(/^\s*console\.log\(.*\) \/\/ (.+)$/gm), ([, text = '']) => text)
}
