import * as z from 'zod'
import { type Aliases, aliasesSchema } from '../aliases.ts'
import { EngineError } from '../errors.ts'
import { limits } from '../limits.ts'
import { modelSettingsShape, workerSettings } from '../model-settings.ts'
import type { ModelOptions } from '../options.ts'
import {
  type Capability,
  declarableCapabilities,
  defaultServer,
  type Server,
  type ServerName,
  serverNames,
  servers,
} from './servers.ts'

/** What calls of a model on another server get that leave an option out. */
export type RemoteModelOptions = Omit<ModelOptions, 'contextTokens'>

/** Options of `createEngine` for another server. */
export interface RemoteOptions extends RemoteModelOptions {
  /** The address of the API, such as `http://10.0.0.2:8080/v1`. An address without a path gets `/v1`. */
  baseUrl: string
  /** The API key, which is sent as a bearer token to this address only. */
  apiKey?: string | undefined
  /** The kind of server. Default: `openai` for api.openai.com, and `compatible` for any other address. */
  server?: ServerName | undefined
  /** Further options that this server supports, with the field names that vLLM and others share. */
  capabilities?: readonly Capability[] | undefined
  /** The model for calls that name none. */
  model?: string | undefined
  /** Names for models, as in `EngineOptions`. */
  aliases?: Aliases | undefined
  /** The options of single models, by name or alias. They take precedence over `sampling` and `templateOptions`. */
  modelSettings?: Record<string, RemoteModelOptions> | undefined
}

/** A server, and what it supports. */
export interface Remote {
  /** The address of the API, without a slash at the end. */
  baseUrl: string
  apiKey: string | undefined
  server: Server
  model: string | undefined
  aliases: Aliases
  settings: ReturnType<typeof workerSettings>
}

const { sampling, templateOptions } = modelSettingsShape

export const remoteSchema = z.strictObject({
  baseUrl: z.string().min(1),
  // Only what a header allows. Anything else would fail later, with the key in the message.
  apiKey: z
    .string()
    .regex(/^[\x21-\x7e]+$/, { error: 'has characters that no API key has, such as a line break' })
    .optional(),
  server: z.enum(serverNames).optional(),
  capabilities: z.array(z.enum(declarableCapabilities)).optional(),
  model: z.string().min(1).max(limits.modelCharacters).optional(),
  aliases: aliasesSchema.optional(),
  sampling,
  templateOptions,
  modelSettings: z.record(z.string().min(1), z.strictObject({ sampling, templateOptions })).optional(),
})

/** @throws EngineError INVALID_REQUEST, which names each invalid option, but never the key. */
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
    settings: workerSettings(parsed.data, (name) => name),
  }
}

function parseAddress(baseUrl: string): URL {
  if (!URL.canParse(baseUrl) || !/^https?:$/.test(new URL(baseUrl).protocol)) {
    throw new EngineError(
      'INVALID_REQUEST',
      `createEngine: baseUrl ${baseUrl} is not an http or https address.`,
      {
        hint: 'An example of an address is http://10.0.0.2:8080/v1',
      },
    )
  }
  const address = new URL(baseUrl)
  if (address.username !== '' || address.password !== '' || address.search !== '' || address.hash !== '') {
    throw new EngineError('INVALID_REQUEST', 'createEngine: baseUrl has more than an address.', {
      hint: 'Leave out the user, password, ? and #, and pass a key as apiKey.',
    })
  }
  if (address.pathname === '/') address.pathname = '/v1'
  return address
}
