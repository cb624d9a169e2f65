/** The picture in the README shows this version's commands and answers; `npm run picture` draws it anew. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { drawTerminal } from '../../scripts/picture/draw.ts'
import { Screen } from '../../scripts/picture/screen.ts'
import { version } from '../../src/version.ts'

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

/** What is to be read in a picture, line by line from the top. */
function textsOf(picture: string): string[] {
  const runs = Array.from(
    picture.matchAll(/<text x="\d+" y="(\d+)"[^>]*>([^<]*)<\/text>/g),
    ([, y = '', text = '']) => ({
      y: Number(y),
      text: text.replaceAll('&gt;', '>').replaceAll('&lt;', '<').replaceAll('&amp;', '&'),
    }),
  )
  const rows = [...new Set(runs.map(({ y }) => y))]
  return rows.map((row) =>
    runs
      .filter(({ y }) => y === row)
      .map(({ text }) => text)
      .join(' '),
  )
}

describe('docs/session.svg', () => {
  const picture = read('docs/session.svg')
  const shown = textsOf(picture)

  test('is at the top of the README, with alternative text', () => {
    const [head = ''] = read('README.md').split('\n## ')
    expect(head).toMatch(/!\[[^\]]{40,}\]\(docs\/session\.svg\)/)
  })

  test('shows the first commands in the README, in order', () => {
    const [, block = ''] = /```sh\n(.*?)```/s.exec(read('README.md')) ?? []
    const commands = block
      .trim()
      .split('\n')
      .map((line) => line.replace(/ +#.*/, ''))
    expect(commands).toHaveLength(3)
    expect(shown.filter((line) => line.startsWith('$ '))).toEqual(commands.map((command) => `$ ${command}`))
  })

  test('shows this version, is complete, and reveals nothing about a machine', () => {
    expect(shown.join('')).toContain(`npx create-mlx-app@${version} my-app --yes --name my-app`)
    expect(shown).toContain('Created a git repository with one commit.')
    expect(picture).not.toMatch(/\/(root|tmp|work|Users)\b|https?:(?!\/\/www\.w3\.org)/)
    expect(picture.length).toBeLessThan(40_000)
  })

  test("contains a question and the hello model's answer to it", () => {
    const schema = z.array(z.object({ question: z.string(), answer: z.string() }))
    const file = 'packages/engine/python/src/mlx_app/hello/answers.json'
    const asked = schema.parse(JSON.parse(read(file))).find(({ question }) => shown.includes(`> ${question}`))
    expect(shown).toContain(asked?.answer)
  })
})

describe('a drawn terminal', () => {
  test('contains the final text, with its styles', async () => {
    const screen = new Screen(40, 5)
    await screen.write(
      'waiting\r\u001b[2K\u001b[32m✔\u001b[39m \u001b[1mDone\u001b[22m & <\u001b[2mout\u001b[22m>\r\n\r\n漢字 x',
    )
    const picture = drawTerminal(screen.lines(), 'A <title>')
    expect(textsOf(picture)).toEqual(['✔ Done & < out >', '漢字 x'])
    expect(picture).toContain('<title>A &lt;title&gt;</title>')
    expect(picture).toContain(' fill="#3fb950">✔</text>')
    expect(picture).toContain(' font-weight="bold">Done</text>')
    // Six columns: each of the two characters takes two.
    expect(picture).toContain('textLength="48">漢字 x</text>')
    expect(picture).not.toContain('waiting')
  })
})
