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

const open = async () => {
  engine = await openEngine(
    () => {},
    () => {},
  )
  return engine
}

const stateOf = async (opened: DesktopEngine) => (await opened.status()).state

test('a start that was stopped can be tried again', async () => {
  const opened = await open()
  const status = () => opened.status()
  opened.stopStart()
  await vi.waitFor(async () => expect(await status()).toMatchObject({ state: 'failed' }))
  expect(await status()).toEqual({
    state: 'failed',
    model: 'hello',
    startFailed: true,
    message: 'Loading the model was stopped.',
  })
  opened.start()
  await vi.waitFor(async () => expect(await status()).toMatchObject({ state: 'ready' }), { timeout: 120_000 })
  opened.stopStart()
  expect(await stateOf(opened)).toBe('ready')
})

test('a failed start tells why', async () => {
  vi.stubEnv('MLX_MODEL', './models/missing')
  const opened = await open()
  await vi.waitFor(async () => expect(await stateOf(opened)).toBe('failed'), { timeout: 120_000 })
  const { message, startFailed } = await opened.status()
  expect(startFailed).toBe(true)
  expect(message).toContain('models/missing')
})

test('the port of another server is ignored', async () => {
  vi.stubEnv('PORT', 'many')
  const opened = await open()
  opened.stopStart()
})

test('invalid settings tell how to fix them', async () => {
  vi.stubEnv('QUEUE_LIMIT', 'many')
  engine = undefined
  await expect(open()).rejects.toThrow('QUEUE_LIMIT')
})
