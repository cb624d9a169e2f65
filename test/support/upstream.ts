/**
 * The registry that npm is configured with on this machine, asked through npm's own code: its registry, credentials,
 * certificates, proxy and cache are the user's, and none of them is known here.
 */
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { execa } from 'execa'
import { z } from 'zod'

export interface Upstream {
  /** Its address, with a slash at the end. */
  registry: string
  /**
   * Gets what lies at a path, or at a whole address, of the registry; from npm's cache where it is there.
   *
   * @param since what npm's cache got before this time is asked for again.
   * @throws Error with the `statusCode` that the registry answered.
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

/** Opens the registry with the settings that npm has in this folder. */
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
