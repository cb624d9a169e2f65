import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { drawTerminal } from './picture/draw.ts'
import { recordSession } from './picture/session.ts'

/**
 * Runs the commands of the README in a terminal and draws the result as docs/session.svg, for `npm run picture`. Everything in the
 * picture is real except the home folder, /home/ada. Set PICTURE_HOME to use another one. It must not exist yet.
 */
const path = fileURLToPath(new URL('../docs/session.svg', import.meta.url))

/** The text alternative of the picture. */
const title = 'A terminal: npm create mlx-app creates a project, and its model answers a question'

const screen = await recordSession(process.env.PICTURE_HOME ?? join('/home', 'ada'))
const picture = drawTerminal(screen, title)
mkdirSync(dirname(path), { recursive: true })
writeFileSync(path, picture)
console.log(`${path}: ${screen.length} lines, ${picture.length} bytes`)
