import { clean } from './clean.ts'
import type { ModelsCommand } from './command.ts'
import { list } from './list.ts'
import { pull } from './pull.ts'
import { remove } from './remove.ts'
import { verify } from './verify.ts'

/** In the order of the help; the first one is what no word at all stands for. Add one here. */
export const commands: readonly [ModelsCommand, ...ModelsCommand[]] = [list, pull, remove, verify, clean]
