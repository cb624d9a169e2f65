import { createEngine } from '../../../engine/index.ts'
import { scriptWithArguments } from '../../../engine/project/index.ts'
import { formatBytes } from '../../terminal/format.ts'
import { canPrompt, confirm, standardStreams } from '../../terminal/prompts.ts'
import { statusMark } from '../../terminal/terminal.ts'
import { UsageError } from '../usage-error.ts'
import type { ModelsCommand } from './command.ts'

export const remove: ModelsCommand = {
  name: 'remove',
  aliases: [],
  argument: 'ID',
  summary: 'delete a model from models/ or from the shared cache',
  details:
    'It asks first; without a terminal, --yes is required. Other programs may use the models in the cache.',
  flags: ['yes', 'json'],
  run: async ({ id = '', flags: { yes, json }, signal }) => {
    const streams = { ...standardStreams, signal }
    if (!yes && !canPrompt(streams)) {
      const command = scriptWithArguments('models', `remove ${id} --yes`)
      throw new UsageError(`There is no terminal for the question. To delete without asking, run: ${command}`)
    }
    await using engine = await createEngine({ signal })
    if (!yes) {
      const found = (await engine.models()).find(({ model }) => model === id)
      const description = found === undefined ? id : `${id} (${formatBytes(found.bytes)} in ${found.path})`
      if (!(await confirm(`Delete ${description}?`, streams))) {
        console.error('Nothing was deleted.')
        return 1
      }
    }
    const removed = await engine.removeModel(id)
    if (json) console.log(JSON.stringify(removed, null, 2))
    else console.log(`${statusMark(true)} Deleted ${removed.model}, freed ${formatBytes(removed.freedBytes)}`)
    return 0
  },
}
