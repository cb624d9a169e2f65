import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type DesktopEngine, openEngine } from '../src/main/engine.ts'
import { removeUserData } from './support/electron.ts'

vi.mock('electron', () => import('./support/electron.ts'))

let engine: DesktopEngine | undefined

beforeEach(() => vi.stubEnv('LOG_LEVEL', 'silent'))
afterEach(async () => {
  await engine?.services.close()
  vi.unstubAllEnvs()
})
afterAll(removeUserData)

const stateOf = async (opened: DesktopEngine) => (await opened.status()).state

test('a start that was stopped can be tried again', async () => {
  engine = await openEngine(() => {})
  const { status, transport } = { status: () => engine?.status(), transport: engine.transport }
  engine.stopStart()
  await vi.waitFor(async () => expect(await status()).toMatchObject({ state: 'failed' }))
  expect(await status()).toEqual({
    state: 'failed',
    model: 'hello',
    startFailed: true,
    message: 'Loading the model was stopped.',
  })
  await expect(transport.models()).rejects.toThrow('Loading the model was stopped.')
  engine.start()
  await vi.waitFor(async () => expect(await status()).toMatchObject({ state: 'ready' }), { timeout: 120_000 })
  engine.stopStart()
  expect(await stateOf(engine)).toBe('ready')
})

test('a failed start tells why', async () => {
  vi.stubEnv('MLX_MODEL', './models/missing')
  engine = await openEngine(() => {})
  const opened = engine
  await vi.waitFor(async () => expect(await stateOf(opened)).toBe('failed'), { timeout: 120_000 })
  const { message, startFailed } = await engine.status()
  expect(startFailed).toBe(true)
  expect(message).toContain('models/missing')
})

test('the port of another server is ignored', async () => {
  vi.stubEnv('PORT', 'many')
  engine = await openEngine(() => {})
  engine.stopStart()
})

test('invalid settings tell how to fix them', async () => {
  vi.stubEnv('QUEUE_LIMIT', 'many')
  engine = undefined
  await expect(openEngine(() => {})).rejects.toThrow('QUEUE_LIMIT')
})
