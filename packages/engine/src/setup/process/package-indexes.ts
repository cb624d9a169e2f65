import { existsSync } from 'node:fs'

/**
 * Returns the variables that tell uv and pip where to find packages. If the user set only one program's variable, the
 * other program gets it too: pip may fetch uv, which then fetches the rest from the same mirror.
 */
export function packageIndexes(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { UV_DEFAULT_INDEX, UV_INDEX_URL, PIP_INDEX_URL, UV_FIND_LINKS, PIP_FIND_LINKS } = environment
  const uvIndex = UV_DEFAULT_INDEX || UV_INDEX_URL
  const locations = (PIP_FIND_LINKS ?? '').split(' ').filter((location) => location !== '')
  // Unlike pip, uv fails if a folder doesn't exist.
  const usable = locations.filter((location) => location.includes('://') || existsSync(location))
  return {
    ...(PIP_INDEX_URL && !uvIndex ? { UV_DEFAULT_INDEX: PIP_INDEX_URL } : {}),
    ...(uvIndex && !PIP_INDEX_URL ? { PIP_INDEX_URL: uvIndex } : {}),
    ...(usable.length > 0 && !UV_FIND_LINKS ? { UV_FIND_LINKS: usable.join(',') } : {}),
    ...(UV_FIND_LINKS && !PIP_FIND_LINKS ? { PIP_FIND_LINKS: UV_FIND_LINKS.replaceAll(',', ' ') } : {}),
    ...(isEnabled(environment.PIP_NO_INDEX) && !environment.UV_OFFLINE ? { UV_OFFLINE: '1' } : {}),
    ...(isEnabled(environment.UV_OFFLINE) && !environment.PIP_NO_INDEX ? { PIP_NO_INDEX: '1' } : {}),
  }
}

/** Whether a switch is on, by the rules that uv and pip share. */
function isEnabled(value: string | undefined): boolean {
  return ['1', 'true', 'yes', 'on', 't', 'y'].includes((value ?? '').toLowerCase())
}
