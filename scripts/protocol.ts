/**
 * Generates everything else that describes the worker's protocol from the zod schemas: `protocol.schema.json`, the
 * msgspec types of `protocol.py`, and the page `docs/protocol.md` with the session of protocol-session.txt. With
 * `--check` it writes nothing and exits with 1 if a committed file is out of date.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { z } from 'zod'
import { limits } from '../packages/engine/src/engine/limits.ts'
import { workerSettingsSchema } from '../packages/engine/src/engine/model-settings.ts'
import {
  answerTypes,
  eventSchema,
  protocolVersion,
  requestSchema,
} from '../packages/engine/src/engine/protocol.ts'
import { protocolPage } from './protocol-page.ts'
import { pythonTypes } from './protocol-python.ts'

const engine = fileURLToPath(new URL('../packages/engine/', import.meta.url))
const constants = { version: protocolVersion, lineBytes: limits.lineBytes, answerTypes }
const session = readFileSync(new URL('protocol-session.txt', import.meta.url), 'utf8')

const jsonSchema = z.toJSONSchema(
  z.object({
    settings: workerSettingsSchema,
    request: requestSchema.meta({ id: 'Request' }),
    event: eventSchema.meta({ id: 'Event' }),
  }),
  { io: 'input' },
)
/** Returns JSON as the linter of the repository formats it. */
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
  else if (readOrEmpty(engine + name) !== text) {
    console.error(`packages/engine/${name} is out of date. Run: npm run protocol`)
    process.exitCode = 1
  }
}

/** Returns the text of a file, or an empty one if the file doesn't exist. */
function readOrEmpty(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : ''
}
