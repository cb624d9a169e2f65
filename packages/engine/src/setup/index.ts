/**
 * What an app with a start of its own calls beside the engine: whether it is set up, the set-up with its progress, the
 * question for a model that is not on disk.
 */

export {
  findInterpreter,
  findProject,
  type Interpreter,
  type Project,
  type ProjectConfig,
} from '../engine/project/index.ts'
export { hasScript, programCommand, scriptCommand, scriptWithArguments } from '../engine/project/index.ts'
export type { SetupOptions } from './commands/setup-flags.ts'
export { mayNeedDownload } from './models/hub-cache.ts'
export {
  checkPullAllowed,
  getMissingModel,
  isHubModelId,
  type Outcome,
  type PullPolicy,
  readPullPolicy,
} from './models/missing-model.ts'
export { isSetUp, type SetupContext, type SetupResult, setUp } from './run-setup.ts'
export { formatBytes } from './terminal/format.ts'
export { progressLines, showProgress } from './terminal/progress.ts'
export type { Terminal } from './terminal/terminal.ts'
