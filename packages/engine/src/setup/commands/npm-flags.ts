/** Flags that npm keeps for itself, because the user wrote them before `--`. */

/**
 * Returns the flags that npm did not pass on to a script: it only set variables for them, and the program would do
 * something else than the user asked for.
 *
 * @param script the name of the script in package.json.
 * @param flags the flags of the program.
 * @param given the flags that did arrive.
 */
export function flagsTakenByNpm<Flag extends string>(
  script: string,
  flags: readonly Flag[],
  given: readonly Flag[],
  environment: NodeJS.ProcessEnv,
): Flag[] {
  const { npm_lifecycle_event: running, npm_config_user_agent: agent = '' } = environment
  if (running !== script || !agent.startsWith('npm/')) return []
  return flags.filter((flag) => {
    const value = environment[`npm_config_${flag.replaceAll('-', '_')}`]
    return value && value !== 'false' && !given.includes(flag)
  })
}
