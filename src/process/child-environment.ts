/**
 * Settings of the command that ran this tool (`npm create --force`), flags of this tool that npm took, and those that leave
 * out the packages for development: a new project is there to be developed.
 */
const settingsOfCreation =
  /^(npm_config_(template|model|env|force|yes|json|dry_run|package|call|omit|only|production|also)|NODE_ENV)$/

/** Inside a git hook these would point git to another repository. */
const gitRepository = /^GIT_(DIR|WORK_TREE|INDEX_FILE|PREFIX)$/

/**
 * Returns the environment for package managers and git in the new project: the user's, without the settings that were
 * meant for this tool. Connections to this machine don't go through a proxy.
 */
export function childEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(environment).filter(
    ([name]) => !settingsOfCreation.test(name) && !gitRepository.test(name),
  )
  return { ...Object.fromEntries(kept), ...loopbackWithoutProxy(environment) }
}

/** Returns NO_PROXY with the loopback addresses added, if a variable sets a proxy. */
function loopbackWithoutProxy(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const proxied = Object.keys(environment).some((name) => /^(https?|all)_proxy$/i.test(name))
  const given = environment.NO_PROXY || environment.no_proxy || ''
  if (!proxied || given.includes('*')) return {}
  const names = [...given.split(','), 'localhost', '127.0.0.1', '::1'].map((name) => name.trim())
  const direct = [...new Set(names)].filter((name) => name !== '').join(',')
  return { NO_PROXY: direct, no_proxy: direct }
}
