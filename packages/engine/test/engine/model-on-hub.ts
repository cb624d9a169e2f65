import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { type Hub, startHub } from './hub.ts'
import { helloDirectory } from './support.ts'

/** A model that lies on a hub and not on this machine. */
export interface ModelOnHub {
  /** Its name: the hello model by another one. */
  readonly model: string
  /** Started before the first test of a file. */
  readonly hub: Hub
  /** HF_HOME, which is empty before each test. */
  readonly home: string
  /** Has the hub keep silent in the middle of the weights. @returns when it does. */
  stall: () => Promise<void>
  /** What a project needs to know of them. */
  environment: (additions?: NodeJS.ProcessEnv) => NodeJS.ProcessEnv
}

/** @param folder that the home is made in. */
export function useModelOnHub(folder: string): ModelOnHub {
  const model = 'somebody/hello-mlx'
  const home = join(folder, 'home')
  let started: Hub | undefined
  const hub = () => {
    if (started === undefined) throw new Error('The hub is there once a test runs.')
    return started
  }
  beforeAll(async () => {
    started = await startHub(model, helloDirectory)
  })
  afterEach(() => {
    rmSync(home, { recursive: true, force: true })
    hub().requests.length = 0
  })
  afterAll(() => started?.[Symbol.asyncDispose]())
  return {
    model,
    home,
    get hub() {
      return hub()
    },
    stall: () =>
      new Promise((resolve) => {
        hub().trouble = (request, response, path) => {
          if (request.method !== 'GET' || !path.endsWith('model.safetensors')) return false
          response.writeHead(200, { 'Content-Length': 200_000 }).write(Buffer.alloc(50_000))
          resolve()
          return true
        }
      }),
    environment: (additions = {}) => ({
      MLX_MODEL: model,
      MLX_PULL: undefined,
      HF_ENDPOINT: hub().address,
      HF_HOME: home,
      HF_HUB_CACHE: undefined,
      HF_HUB_OFFLINE: undefined,
      ...additions,
    }),
  }
}
