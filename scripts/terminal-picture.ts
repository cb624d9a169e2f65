import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { drawTerminal } from './picture/draw.ts'
import { recordSession } from './picture/session.ts'

/**
 * `npm run picture`: runs the tool as it is now in a terminal, as the README says, and draws what was to be seen as
 * docs/session.svg. Nothing in the picture is made up but the place: /home/ada, or what PICTURE_HOME names, which must
 * not be there yet.
 */
const place = fileURLToPath(new URL('../docs/session.svg', import.meta.url))

/** Read out in place of the picture. */
const title = 'A terminal: npm create mlx-app makes a project, and its model answers a question'

const screen = await recordSession(process.env.PICTURE_HOME ?? join('/home', 'ada'))
const picture = drawTerminal(screen, title)
mkdirSync(dirname(place), { recursive: true })
writeFileSync(place, picture)
console.log(`${place}: ${screen.length} lines, ${picture.length} bytes`)
