/**
 * The registry that npm is configured with on this machine. Requests use npm's own code with the user's credentials,
 * certificates, proxy and cache.
 */
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { execa } from 'execa'
import { z } from 'zod'

export interface Upstream {
  /** The URL of the registry with a trailing slash. */
  registry: string
  /**
   * Fetches a path or URL of the registry, from npm's cache if possible.
   *
   * @param since cached responses from before this time are fetched again.
   * @throws Error with the `statusCode` of the response.
   */
  get(place: string, accept: string, since?: Date): Promise<Buffer>
}

interface Answer {
  headers: { get(name: string): string | null }
  buffer(): Promise<Buffer>
}
type NpmFetch = (place: string, options: object) => Promise<Answer>
type NpmConfig = new (options: object) => { load(): Promise<void>; readonly flat: object }

const settingsSchema = z.object({ registry: z.string() })

/** Opens the registry with the npm settings for this folder. */
export async function openUpstream(): Promise<Upstream> {
  const { stdout: program } = await execa('npm', ['exec', '--call', 'node -p process.env.npm_execpath'])
  const ofNpm = createRequire(program)
  const Config: NpmConfig = ofNpm('@npmcli/config')
  const fetchOfNpm: NpmFetch = ofNpm('npm-registry-fetch')
  const definitions: object = ofNpm('@npmcli/config/lib/definitions')
  const config = new Config({ ...definitions, npmPath: dirname(dirname(program)), argv: [] })
  await config.load()
  const settings = config.flat
  const { registry } = settingsSchema.parse(settings)
  return {
    registry: registry.endsWith('/') ? registry : `${registry}/`,
    get: async (place, accept, since) => {
      const answer = await fetchOfNpm(place, { ...settings, preferOffline: true, headers: { accept } })
      const bytes = await answer.buffer()
      const cached = answer.headers.get('x-local-cache-time')
      if (since === undefined || cached === null || new Date(cached) >= since) return bytes
      const fresh = await fetchOfNpm(place, { ...settings, preferOnline: true, headers: { accept } })
      return fresh.buffer()
    },
  }
}
