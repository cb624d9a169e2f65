import { clean } from './clean.ts'
import type { ModelsCommand } from './command.ts'
import { list } from './list.ts'
import { pull } from './pull.ts'
import { remove } from './remove.ts'
import { verify } from './verify.ts'

/** All commands, in the order of the help. The first one is the default. Add new ones here. */
export const commands: readonly [ModelsCommand, ...ModelsCommand[]] = [list, pull, remove, verify, clean]
