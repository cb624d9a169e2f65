/**
 * Makes the Python side of the worker's protocol from the zod schemas: `protocol.schema.json`, and the msgspec
 * types of `protocol.py`. `--check` writes nothing and exits 1 when a committed file is stale.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { z } from 'zod'
import { limits } from '../templates/engine/src/engine/limits.ts'
import { eventSchema, protocolVersion, requestSchema } from '../templates/engine/src/engine/protocol.ts'
import { pythonTypes } from './protocol-python.ts'

const target = fileURLToPath(new URL('../templates/python/src/mlx_app/', import.meta.url))

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
  'protocol.schema.json': await formatted(
    JSON.stringify({ ...jsonSchema, title: `Worker protocol, version ${protocolVersion}` }),
  ),
  'protocol.py': pythonTypes(jsonSchema, { version: protocolVersion, lineBytes: limits.lineBytes }),
}

const check = process.argv.includes('--check')
for (const [name, text] of Object.entries(files)) {
  if (!check) writeFileSync(target + name, text)
  else if (readFileSync(target + name, 'utf8') !== text) {
    console.error(`templates/python/src/mlx_app/${name} is stale. Run: npm run protocol`)
    process.exitCode = 1
  }
}
