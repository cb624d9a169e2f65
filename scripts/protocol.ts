/**
 * Makes from the zod schemas what else says the worker's protocol: `protocol.schema.json`, the msgspec types of
 * `protocol.py`, and the page `docs/protocol.md`, with the session of protocol-session.txt in it. `--check` writes nothing and exits 1 when a committed file is stale.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { z } from 'zod'
import { limits } from '../packages/engine/src/engine/limits.ts'
import { eventSchema, protocolVersion, requestSchema } from '../packages/engine/src/engine/protocol.ts'
import { protocolPage } from './protocol-page.ts'
import { pythonTypes } from './protocol-python.ts'

const engine = fileURLToPath(new URL('../packages/engine/', import.meta.url))
const constants = { version: protocolVersion, lineBytes: limits.lineBytes }
const session = readFileSync(new URL('protocol-session.txt', import.meta.url), 'utf8')

const jsonSchema = z.toJSONSchema(
  z.object({ request: requestSchema.meta({ id: 'Request' }), event: eventSchema.meta({ id: 'Event' }) }),
  { io: 'input' },
)
/** As the linter of the repository, and of a project, wants it. */
async function formatted(json: string): Promise<string> {
  const { stdout } = await execa('biome', ['format', '--stdin-file-path=protocol.schema.json'], {
    input: json,
    preferLocal: true,
  })
  return `${stdout}\n`
}

const files = {
  'python/src/mlx_app/protocol.schema.json': await formatted(
    JSON.stringify({ ...jsonSchema, title: `Worker protocol, version ${protocolVersion}` }),
  ),
  'python/src/mlx_app/protocol.py': pythonTypes(jsonSchema, constants),
  'docs/protocol.md': protocolPage(jsonSchema, constants, session),
}

const check = process.argv.includes('--check')
for (const [name, text] of Object.entries(files)) {
  if (!check) writeFileSync(engine + name, text)
  else if (readOrNothing(engine + name) !== text) {
    console.error(`packages/engine/${name} is stale. Run: npm run protocol`)
    process.exitCode = 1
  }
}

/** A file that was never made is stale too. */
function readOrNothing(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : ''
}
