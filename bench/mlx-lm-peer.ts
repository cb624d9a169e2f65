import { fileURLToPath } from 'node:url'
import { type Peer, startPeer } from './python-peer.ts'

interface PeerRequest {
  /** The function of mlx-lm to use. stream_generate takes one prompt. */
  how: 'stream_generate' | 'batch'
  prompts: string[]
  maxTokens: number
}

/** A Python process that runs mlx-lm and loads its model once. */
export type MlxLmPeer = Peer<PeerRequest>

/** Starts the peer and waits until its model is loaded. */
export function startMlxLmPeer(model: string): Promise<MlxLmPeer> {
  return startPeer(fileURLToPath(new URL('mlx_lm_peer.py', import.meta.url)), model)
}
