/** Settings of the command that ran this tool (`npm create --force`) and flags of ours that npm took. */
const settingsOfCreation = /^npm_config_(template|model|env|force|yes|json|dry_run|package|call)$/

/** Inside a git hook these would lead git to another repository. */
const gitRepository = /^GIT_(DIR|WORK_TREE|INDEX_FILE|PREFIX)$/

/** The environment for package managers and git in the new project: the user's, without what is not meant for them. */
export function childEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(environment).filter(
      ([name]) => !settingsOfCreation.test(name) && !gitRepository.test(name),
    ),
  )
}
