import * as z from 'zod/mini'
import type { ChatMessage, ChatRequest } from './transport.ts'
import { serverStates } from './transport.ts'

const progress = z.object({ stage: z.string(), loaded_bytes: z.number(), total_bytes: z.number() })

/** The parts of the server's responses that the page uses. */
export const statusSchema = z.object({
  state: z.enum(serverStates),
  model: z.nullish(z.string()),
  progress: z.nullish(progress),
  message: z.nullish(z.string()),
})

const defaultNumber = z.object({ value: z.number() })

export const modelsSchema = z.object({
  data: z.array(
    z.object({
      id: z.string(),
      loaded: z.nullish(z.boolean()),
      capabilities: z.nullish(z.array(z.string())),
      defaults: z.nullish(
        z.object({ temperature: z.nullish(defaultNumber), top_p: z.nullish(defaultNumber) }),
      ),
    }),
  ),
})

export const mcpSchema = z.object({
  servers: z.array(
    z.object({
      name: z.string(),
      tools: z.array(z.object({ name: z.string(), description: z.nullish(z.string()) })),
      error: z.nullish(z.string()),
    }),
  ),
})

export const errorSchema = z.object({ error: z.object({ message: z.string() }) })

export const progressSchema = progress

export const chunkSchema = z.object({
  choices: z.array(
    z.object({
      delta: z.nullish(
        z.object({
          content: z.nullish(z.string()),
          // The name differs between servers.
          reasoning_content: z.nullish(z.string()),
          reasoning: z.nullish(z.string()),
        }),
      ),
      finish_reason: z.nullish(z.string()),
    }),
  ),
  usage: z.nullish(z.object({ prompt_tokens: z.number(), completion_tokens: z.number() })),
  timings: z.nullish(z.object({ ttft_ms: z.number(), tokens_per_second: z.number() })),
  prompt_progress: z.nullish(z.object({ processed: z.number(), total: z.number() })),
  mcp_calls: z.nullish(
    z.array(
      z.object({
        id: z.string(),
        server: z.string(),
        name: z.string(),
        arguments: z.record(z.string(), z.unknown()),
        result: z.string(),
        is_error: z.boolean(),
      }),
    ),
  ),
})

export type WireChunk = z.infer<typeof chunkSchema>

/** Returns the body of a request to /v1/chat/completions. */
export function chatBody(request: ChatRequest): Record<string, unknown> {
  return {
    model: request.model,
    messages: request.messages.map(({ role, text, images }) => ({ role, content: content(text, images) })),
    temperature: request.temperature,
    top_p: request.topP,
    max_completion_tokens: request.maxTokens,
    seed: request.seed,
    // Servers without MCP may reject the field.
    mcp_servers: request.mcpServers?.length ? request.mcpServers : undefined,
    stream: true,
    stream_options: { include_usage: true },
    return_progress: true,
  }
}

function content(text: string, images: ChatMessage['images'] = []): unknown {
  if (images.length === 0) return text
  const parts = images.map((url) => ({ type: 'image_url', image_url: { url } }))
  return text === '' ? parts : [...parts, { type: 'text', text }]
}
