/** Setup and models for apps: whether a project is set up, its setup, and a question if the model is not on disk. */

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
export type { SetupContext, SetupOptions, SetupResult } from './context.ts'
export { isHubModelId, mayNeedDownload } from './models/hub-cache.ts'
export { getMissingModel, type MissingModelOutcome } from './models/missing-model.ts'
export { checkPullAllowed, type PullPolicy, readPullPolicy } from './models/pull-policy.ts'
export { isSetUp, setUp } from './run-setup.ts'
export { formatBytes } from './terminal/format.ts'
export { progressLines, showProgress } from './terminal/progress.ts'
export type { Terminal } from './terminal/terminal.ts'
