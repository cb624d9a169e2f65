import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, vi } from 'vitest'
import { createEngine, type Engine, type EngineOptions } from '../../src/engine/index.ts'
import { type Hub, startHub, type Trouble } from './hub.ts'
import { helloDirectory } from './support.ts'

export const model = 'somebody/hello-mlx'

/** The largest file of the model. */
export const weights = readFileSync(join(helloDirectory, 'model.safetensors'))

/** The hash of the weights, under which they lie in the cache. */
export const weightsDigest = createHash('sha256').update(weights).digest('hex')

/** What each test gets: a hub of its own, an empty home for the cache, and engines that know both. */
export interface HubTest {
  readonly hub: Hub
  /** HF_HOME. */
  readonly home: string
  /** The folder of the model in the cache. */
  readonly cached: string
  /** An engine whose worker has these variables too; disposed of after the test. */
  engine: (environment?: Record<string, string>, options?: EngineOptions) => Promise<Engine>
  /** GET requests so far whose path ends so. */
  gets: (name: string) => string[]
}

/** @param extra files of the model beside those of the hello model. */
export function useHub(folder: string, extra: Record<string, Buffer> = {}): HubTest {
  let hub: Hub | undefined
  let engines: Engine[] = []
  let home = ''
  let count = 0
  beforeEach(async () => {
    hub = await startHub(model, helloDirectory, extra)
    home = join(folder, `home ${++count}`)
    mkdirSync(home)
    vi.stubEnv('HF_ENDPOINT', hub.address)
    vi.stubEnv('HF_HOME', home)
    // Waits are tested by their number, not by their length.
    vi.stubEnv('MLX_RETRY_SECONDS', '0.01')
    for (const name of ['HF_HUB_CACHE', 'HF_TOKEN', 'HF_TOKEN_PATH', 'HF_HUB_OFFLINE', 'HF_HUB_DISABLE_XET'])
      vi.stubEnv(name, undefined)
  })
  afterEach(async () => {
    await Promise.all(engines.map((engine) => engine.dispose()))
    engines = []
    await hub?.[Symbol.asyncDispose]()
    vi.unstubAllEnvs()
  })
  const started = () => {
    if (hub === undefined) throw new Error('The hub is there once a test runs.')
    return hub
  }
  return {
    get hub() {
      return started()
    },
    get home() {
      return home
    },
    get cached() {
      return join(home, 'hub', 'models--somebody--hello-mlx')
    },
    engine: async (environment = {}, options = {}) => {
      for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value)
      const engine = await createEngine({ device: 'cpu', ...options })
      engines.push(engine)
      return engine
    },
    gets: (name) =>
      started().requests.filter((line) => line.startsWith('GET') && line.split(' ')[1]?.endsWith(name)),
  }
}

/**
 * Sends the first bytes of a file and then keeps silent, once; `reached` resolves when they are out.
 *
 * @param then what the hub does afterwards: nothing, or cut the connection.
 */
export function silentAfter(
  name: string,
  content: Buffer,
  bytes: number,
  then: 'silence' | 'cut' = 'silence',
): { trouble: Trouble; reached: Promise<void> } {
  let onReached: () => void = () => undefined
  const reached = new Promise<void>((resolve) => {
    onReached = resolve
  })
  let met = false
  const trouble: Trouble = (request, response, path) => {
    if (met || request.method !== 'GET' || !path.endsWith(name)) return false
    met = true
    response.writeHead(200, { 'Content-Length': content.length })
    response.write(content.subarray(0, bytes), () => {
      if (then === 'cut') response.destroy()
      onReached()
    })
    return true
  }
  return { trouble, reached }
}

/** Resolves with the error that a promise is rejected with. */
export async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('It did not fail.')
}
