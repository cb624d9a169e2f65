import { existsSync } from 'node:fs'

/**
 * The variables that tell uv and pip where packages come from, each taken from the other's where a user set only that:
 * uv is fetched by pip and then fetches the rest, and a company's mirror serves both.
 */
export function packageIndexes(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { UV_DEFAULT_INDEX, UV_INDEX_URL, PIP_INDEX_URL, UV_FIND_LINKS, PIP_FIND_LINKS } = environment
  const ofUv = UV_DEFAULT_INDEX || UV_INDEX_URL
  const folders = (PIP_FIND_LINKS ?? '').split(' ').filter((place) => place !== '')
  // uv gives up over a folder that is not there, where pip goes on.
  const there = folders.filter((place) => place.includes('://') || existsSync(place))
  return {
    ...(PIP_INDEX_URL && !ofUv ? { UV_DEFAULT_INDEX: PIP_INDEX_URL } : {}),
    ...(ofUv && !PIP_INDEX_URL ? { PIP_INDEX_URL: ofUv } : {}),
    ...(there.length > 0 && !UV_FIND_LINKS ? { UV_FIND_LINKS: there.join(',') } : {}),
    ...(UV_FIND_LINKS && !PIP_FIND_LINKS ? { PIP_FIND_LINKS: UV_FIND_LINKS.replaceAll(',', ' ') } : {}),
    ...(isSet(environment.PIP_NO_INDEX) && !environment.UV_OFFLINE ? { UV_OFFLINE: '1' } : {}),
    ...(isSet(environment.UV_OFFLINE) && !environment.PIP_NO_INDEX ? { PIP_NO_INDEX: '1' } : {}),
  }
}

/** As both read their switches. */
function isSet(value: string | undefined): boolean {
  return ['1', 'true', 'yes', 'on', 't', 'y'].includes((value ?? '').toLowerCase())
}
