import { readCaseFiles } from './case-files.ts'
import { type Case, codeCases } from './cases.ts'
import { runCase } from './run-case.ts'

/** All cases that an engine on another server must pass too, where the server has the capabilities. */
export const portableCases: readonly Case[] = [
  ...readCaseFiles()
    .flatMap((file) => file.cases)
    .flatMap((one) =>
      one.needs === undefined
        ? []
        : [{ name: one.title, needs: one.needs, run: (context) => runCase(one, context) } satisfies Case],
    ),
  ...codeCases,
]
