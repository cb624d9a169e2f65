/**
 * What an app with a start of its own calls beside the engine: whether it is set up, the set-up with its progress, the
 * question for a model that is not on disk.
 */

export {
  findInterpreter,
  findProject,
  hasScript,
  type Interpreter,
  type Project,
  type ProjectConfig,
  programCommand,
  scriptCommand,
  scriptWithArguments,
} from '../engine/project/index.ts'
export { formatBytes } from './format.ts'
export {
  getMissingModel,
  isOnHub,
  type Outcome,
  type PullPolicy,
  pullPolicy,
  refusedPull,
} from './missing-model.ts'
export { looksMissing } from './on-disk.ts'
export type { SetupOptions } from './options.ts'
export { progressLines, showProgress } from './progress.ts'
export { isSetUp, type SetupContext, type SetupResult, setUp } from './set-up.ts'
export type { Terminal } from './terminal.ts'
