/** The user's project: its folder, mlx.config.json, Python environment, commands and network settings. */
export { isKeptOption, isolatedEnvironment } from './isolated-environment.ts'
export { loadedName, modelFolder, modelFolders, withFolderNames } from './model-folders.ts'
export { keepLoopbackDirect, networkEnvironment } from './network-environment.ts'
export {
  type EnvironmentRecord,
  findInterpreter,
  findProject,
  type Interpreter,
  interpreterIn,
  type Project,
  type ProjectConfig,
  readEnvironmentRecord,
} from './project.ts'
export { pythonFromVariable, pythonVariables } from './python-variables.ts'
export {
  adaptCommands,
  hasScript,
  programCommand,
  scriptCommand,
  scriptWithArguments,
} from './script-command.ts'
