import type { Engine } from '../engine.ts'
import { checkRemote, type RemoteOptions } from './options.ts'
import { RemoteEngine } from './remote-engine.ts'

/**
 * Creates an engine over an OpenAI-compatible server. It sends nothing until the first call.
 *
 * @throws EngineError INVALID_REQUEST for an invalid address or key.
 */
export function createRemoteEngine(options: RemoteOptions): Engine {
  return new RemoteEngine(checkRemote(options))
}
