/** The user's project: its folder, mlx.config.json, Python environment, commands and network settings. */
export { keepLoopbackDirect, networkEnvironment } from './network-environment.ts'
export {
  type EnvironmentRecord,
  findInterpreter,
  findProject,
  type Interpreter,
  interpreterIn,
  type Project,
  type ProjectConfig,
  pythonFromVariable,
  pythonVariables,
  readEnvironmentRecord,
} from './project.ts'
export {
  adaptCommands,
  hasScript,
  programCommand,
  scriptCommand,
  scriptWithArguments,
} from './script-command.ts'
