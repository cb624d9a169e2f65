import { createEngine } from '../../../engine/index.ts'
import { scriptWithArguments } from '../../../engine/project/index.ts'
import { formatBytes } from '../../terminal/format.ts'
import { canPrompt, confirm, screen } from '../../terminal/prompts.ts'
import { mark } from '../../terminal/terminal.ts'
import { UsageError } from '../setup-flags.ts'
import type { ModelsCommand } from './command.ts'

export const remove: ModelsCommand = {
  name: 'remove',
  aliases: [],
  argument: 'ID',
  summary: 'deletes one from models/ or from the shared cache',
  details: 'It asks first; without a terminal it needs --yes. Other programs share the cache and its models.',
  flags: ['yes', 'json'],
  run: async ({ id = '', flags: { yes, json }, signal }) => {
    const where = { ...screen, signal }
    if (!yes && !canPrompt(where)) {
      const command = scriptWithArguments('models', `remove ${id} --yes`)
      throw new UsageError(`There is no terminal to ask on. To delete it without a question: ${command}`)
    }
    await using engine = await createEngine({ signal })
    if (!yes) {
      const found = (await engine.models()).find(({ model }) => model === id)
      const what = found === undefined ? id : `${id}, ${formatBytes(found.bytes)} in ${found.path}`
      if (!(await confirm(`Delete ${what}?`, where))) {
        console.error('Nothing was deleted.')
        return 1
      }
    }
    const removed = await engine.removeModel(id)
    if (json) console.log(JSON.stringify(removed, null, 2))
    else
      console.log(
        `${mark(true)} ${removed.model} is deleted: ${formatBytes(removed.freedBytes)} are free again`,
      )
    return 0
  },
}
