/** What apps import from mlx-app/setup: the project and its commands, its setup, and the download of a missing model. */

export {
  findInterpreter,
  findProject,
  hasScript,
  type Interpreter,
  loadedName,
  modelFolder,
  type Project,
  type ProjectConfig,
  programCommand,
  scriptCommand,
  scriptWithArguments,
} from '../engine/project/index.ts'
export type { SetupContext, SetupOptions, SetupResult } from './context.ts'
export { isExecutable } from './machine/find-programs.ts'
export { isHubModelId, mayNeedDownload } from './models/hub-cache.ts'
export { getMissingModel, type MissingModelOutcome } from './models/missing-model.ts'
export { checkPullAllowed, type PullPolicy, readPullPolicy } from './models/pull-policy.ts'
export { isSetUp, setUp } from './run-setup.ts'
export { formatBytes } from './terminal/format.ts'
export { progressLines, showProgress } from './terminal/progress.ts'
export { type PromptProgressView, showPromptProgress } from './terminal/prompt-progress.ts'
export type { Terminal } from './terminal/terminal.ts'
export type { VendorResult } from './vendor/build/build-output.ts'
export type { FolderSizes, VendorRecord } from './vendor/build/output.ts'
export { type BinarySlice, readBinary } from './vendor/check/mach-o.ts'
export type { VendorOptions } from './vendor/plan/options.ts'
export { vendor } from './vendor/vendor.ts'
