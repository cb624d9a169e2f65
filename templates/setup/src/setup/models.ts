/** npm run models: what lies on this machine, and how to get more. */
import { parseArgs } from 'node:util'
import { createEngine } from '#engine'
import { formatBytes } from './format.ts'
import { asUsageError, UsageError } from './options.ts'
import { progressLines } from './progress.ts'
import { mark, runMain } from './terminal.ts'

const help = `Models on this machine.

  list                      those in models/ and in the cache that Hugging Face's tools share
  pull ID [--revision R]    downloads one and loads it once; without ID the one of mlx.config.json
  download                  another name for pull

  --json                    list for a program
  --help                    this text
`

interface Flags {
  json: boolean
  revision: string | undefined
}

type Command = (names: string[], flags: Flags, signal: AbortSignal) => Promise<void>

const commands: Record<string, Command> = { list, pull, download: pull }

await runMain(async (signal) => {
  const { values, positionals } = parse(process.argv.slice(2))
  if (values.help) {
    console.log(help)
    return 0
  }
  const [name = 'list', ...names] = positionals
  const command = commands[name]
  if (command === undefined)
    throw new UsageError(`models ${name}: there are ${Object.keys(commands).join(', ')}.`)
  await command(names, { json: values.json, revision: values.revision }, signal)
  return 0
})

async function list(names: string[], flags: Flags): Promise<void> {
  if (names.length > 0) throw new UsageError('models list takes no names.')
  if (flags.revision !== undefined) throw new UsageError('--revision belongs to models pull.')
  await using engine = await createEngine()
  const models = await engine.models()
  if (flags.json) {
    console.log(JSON.stringify(models, null, 2))
    return
  }
  const width = Math.max(0, ...models.map((model) => model.model.length))
  for (const { model, bytes, place, path } of models) {
    console.log(`${model.padEnd(width)}  ${formatBytes(bytes).padStart(9)}  ${place.padEnd(7)}  ${path}`)
  }
  if (models.length === 0) console.log('No model yet: models pull ID gets one.')
}

async function pull(names: string[], flags: Flags, signal: AbortSignal): Promise<void> {
  const [model, ...more] = names
  if (more.length > 0) throw new UsageError('models pull takes one id.')
  if (flags.json) throw new UsageError('--json belongs to models list.')
  await using engine = await createEngine()
  const progress = progressLines(process.stdout)
  const loaded = await engine.loadModel({
    ...(model === undefined ? {} : { model }),
    ...(flags.revision === undefined ? {} : { revision: flags.revision }),
    onProgress: progress.show,
    signal,
  })
  progress.end()
  console.log(`${mark(true)} ${loaded.model} is on this machine and loads.`)
}

function parse(argv: string[]) {
  try {
    return parseArgs({
      args: argv,
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        revision: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
  } catch (error) {
    throw asUsageError(error)
  }
}
