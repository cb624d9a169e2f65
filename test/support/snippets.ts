/** The TypeScript of a document as one program, so that what it shows can be checked and run. */

interface Snippet {
  code: string
  /** False for ```ts no-run: what it needs is not there when it is tested. */
  runs: boolean
}

export interface SnippetProgram {
  code: string
  /** Of each snippet that runs: what its lines `console.log(...) // text` say that they print. */
  expected: string[][]
}

const mark = '--- snippet'

/**
 * The first snippet opens the document: the others go on from it, each in a block of its own. The semicolon is for
 * TypeScript, which reads a block behind an arrow function as a part of it.
 */
export function programOf(markdown: string): SnippetProgram {
  const [first, ...others] = snippetsOf(markdown)
  if (first === undefined) throw new Error('The document has no snippet.')
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

/** The lines that each snippet of the program printed. */
export function outputOf(stdout: string): string[][] {
  const [, ...parts] = stdout.split(`${mark}\n`)
  return parts.map((part) => part.split('\n').filter((line) => line !== ''))
}

function snippetsOf(markdown: string): Snippet[] {
  const fences = markdown.matchAll(/^```ts( no-run)?\n(.*?)^```$/gms)
  return Array.from(fences, ([, note, code = '']) => ({ code, runs: note === undefined }))
}

function printed(code: string): string[] {
  return Array.from(code.matchAll(/^\s*console\.log\(.*\) \/\/ (.+)$/gm), ([, text = '']) => text)
}
