/** Settings of the command that ran this tool (`npm create --force`) and flags of ours that npm took. */
const settingsOfCreation = /^npm_config_(template|model|env|force|yes|json|dry_run|package|call)$/

/** Inside a git hook these would lead git to another repository. */
const gitRepository = /^GIT_(DIR|WORK_TREE|INDEX_FILE|PREFIX)$/

/**
 * The environment for package managers and git in the new project: the user's, without what is not meant for them.
 * A registry on this machine is not asked for through a proxy.
 */
export function childEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(environment).filter(
    ([name]) => !settingsOfCreation.test(name) && !gitRepository.test(name),
  )
  return { ...Object.fromEntries(kept), ...loopbackWithoutProxy(environment) }
}

/** The names that no proxy is used for, with loopback's, where there is a proxy by a variable. */
function loopbackWithoutProxy(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const proxied = Object.keys(environment).some((name) => /^(https?|all)_proxy$/i.test(name))
  const given = environment.NO_PROXY || environment.no_proxy || ''
  if (!proxied || given.includes('*')) return {}
  const names = [...given.split(','), 'localhost', '127.0.0.1', '::1'].map((name) => name.trim())
  const direct = [...new Set(names)].filter((name) => name !== '').join(',')
  return { NO_PROXY: direct, no_proxy: direct }
}
