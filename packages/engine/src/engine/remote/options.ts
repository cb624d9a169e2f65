import * as z from 'zod'
import { type Aliases, aliasesSchema } from '../aliases.ts'
import { EngineError } from '../errors.ts'
import { limits } from '../limits.ts'
import {
  type Capability,
  declarableCapabilities,
  defaultServer,
  type Server,
  type ServerName,
  serverNames,
  servers,
} from './servers.ts'

/** Where another machine's models answer. */
export interface RemoteOptions {
  /** Address of the API, as `http://10.0.0.2:8080/v1`; `/v1` is added to one without a path. */
  baseUrl: string
  /** Sent as a bearer token, to this address and to no other. */
  apiKey?: string | undefined
  /** What the server is; default `openai` for api.openai.com, `compatible` for any other. */
  server?: ServerName | undefined
  /** What this server can do beyond its kind, by the fields that vLLM and others share. */
  capabilities?: readonly Capability[] | undefined
  /** The model of calls that name none. */
  model?: string | undefined
  /** Names for models, as the local engine has them. */
  aliases?: Aliases | undefined
}

/** Where to send calls, and what may be asked. */
export interface Remote {
  /** Ends without a slash. */
  baseUrl: string
  apiKey: string | undefined
  server: Server
  model: string | undefined
  aliases: Aliases
}

export const remoteSchema = z.strictObject({
  baseUrl: z.string().min(1),
  // What a header takes: anything else would fail later, with the key in the message.
  apiKey: z
    .string()
    .regex(/^[\x21-\x7e]+$/, { error: 'has characters that no API key has, maybe a line break' })
    .optional(),
  server: z.enum(serverNames).optional(),
  capabilities: z.array(z.enum(declarableCapabilities)).optional(),
  model: z.string().min(1).max(limits.modelCharacters).optional(),
  aliases: aliasesSchema.optional(),
})

/** @throws EngineError INVALID_REQUEST that names each wrong option, and never the key. */
export function checkRemote(options: RemoteOptions): Remote {
  const parsed = remoteSchema.safeParse(options)
  if (!parsed.success) {
    throw new EngineError('INVALID_REQUEST', `createEngine: ${z.prettifyError(parsed.error)}`)
  }
  const { apiKey, model, aliases = {}, capabilities: more = [] } = parsed.data
  const address = parseAddress(parsed.data.baseUrl)
  const server: Server = servers[parsed.data.server ?? defaultServer(address)]
  return {
    baseUrl: address.href.replace(/\/+$/, ''),
    apiKey,
    server: { ...server, capabilities: [...server.capabilities, ...more] },
    model,
    aliases,
  }
}

function parseAddress(baseUrl: string): URL {
  if (!URL.canParse(baseUrl) || !/^https?:$/.test(new URL(baseUrl).protocol)) {
    throw new EngineError(
      'INVALID_REQUEST',
      `createEngine: baseUrl ${baseUrl} is no http or https address.`,
      {
        hint: 'An address looks like http://10.0.0.2:8080/v1',
      },
    )
  }
  const address = new URL(baseUrl)
  if (address.username !== '' || address.password !== '' || address.search !== '' || address.hash !== '') {
    throw new EngineError('INVALID_REQUEST', 'createEngine: baseUrl holds more than an address.', {
      hint: 'Leave out user, password, ? and #; a key goes into apiKey.',
    })
  }
  if (address.pathname === '/') address.pathname = '/v1'
  return address
}
