import type { ChatMessage, ChatRequest } from '../transport/transport.ts'
import type { Conversation } from './conversation.ts'
import type { Settings } from './settings.ts'

/**
 * Builds a request from the system prompt and all turns. Empty answers are left out. Consecutive user messages are
 * merged, because many chat templates require alternating roles.
 *
 * @param acceptsImages whether the model accepts images. If not, they are left out.
 */
export function buildRequest(
  conversation: Conversation,
  settings: Settings,
  model: string | undefined,
  acceptsImages: boolean,
): ChatRequest {
  const messages: ChatMessage[] = []
  if (settings.system.trim() !== '') messages.push({ role: 'system', text: settings.system.trim() })
  for (const turn of conversation.turns) {
    if (turn.role === 'assistant') {
      if (turn.text !== '') messages.push({ role: 'assistant', text: turn.text })
      continue
    }
    const images = acceptsImages ? turn.images : []
    const last = messages.at(-1)
    if (last?.role === 'user') messages[messages.length - 1] = join(last, turn.text, images)
    else messages.push({ role: 'user', text: turn.text, ...(images.length > 0 && { images }) })
  }
  const { temperature, topP, maxTokens, seed, mcpServers } = settings
  return { model, messages, temperature, topP, maxTokens, seed, mcpServers }
}

function join(message: ChatMessage, text: string, images: readonly string[]): ChatMessage {
  const all = [...(message.images ?? []), ...images]
  const texts = [message.text, text].filter((part) => part !== '')
  return { role: 'user', text: texts.join('\n\n'), ...(all.length > 0 && { images: all }) }
}
