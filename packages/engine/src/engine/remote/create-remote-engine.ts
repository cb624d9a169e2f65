import type { Engine } from '../engine.ts'
import { checkRemote, type RemoteOptions } from './options.ts'
import { RemoteEngine } from './remote-engine.ts'

/**
 * An engine over an OpenAI-compatible server. Sends nothing yet: `loadModel` sees that the server is there.
 *
 * @throws EngineError INVALID_REQUEST for an address or a key that can't be one.
 */
export function createRemoteEngine(options: RemoteOptions): Engine {
  return new RemoteEngine(checkRemote(options))
}
