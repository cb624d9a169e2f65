import type { GenerateOptions, PromptOptions, ToolChoice } from 'mlx-app'
import type { Services } from '../context.ts'
import { ApiError } from '../errors.ts'
import { HistoryChanges } from '../requests/history.ts'
import { Images } from '../requests/images.ts'
import { checkMessageLimits, resolveMaxTokens } from '../requests/limits.ts'
import { omitNullish } from '../requests/omit-nullish.ts'
import { toResponseFormat } from '../requests/response-format.ts'
import { toSeed, toTopP } from '../requests/sampling.ts'
import { toToolChoice, toTools } from '../requests/tools.ts'
import type { Settings } from '../settings.ts'
import { toConversation } from './conversation.ts'
import type { MessagesRequest, PromptRequest } from './request-schema.ts'

type Needed = Pick<Services, 'models' | 'engineService' | 'settings'>

/** The engine's options for a request. */
export interface PreparedRequest<Options> {
  /** The model name for the response. */
  model: string
  options: Options
}

/**
 * Converts the part of a request that makes up the prompt.
 *
 * @throws ApiError 404 for an unknown model, 400 if a limit is exceeded or fields contradict each other.
 */
export async function toPrompt(
  body: PromptRequest,
  services: Needed,
  signal: AbortSignal,
  changes = new HistoryChanges(),
): Promise<PreparedRequest<PromptOptions & { toolChoice: ToolChoice }>> {
  const { models, settings } = services
  const { id, model } = await models.resolve(body.model)
  checkMessageLimits(body.messages, settings)
  const tools = toTools(
    (body.tools ?? []).map(({ name, description, input_schema: parameters }, place) => ({
      name,
      description,
      parameters,
      param: `tools.${place}`,
    })),
  )
  const toolChoice = toToolChoice(toEngineToolChoice(body), tools)
  const images = new Images(services, { model, signal })
  const messages = await toConversation(body.system, body.messages, images, changes)
  const templateOptions = toTemplateOptions(body, settings)
  return { model: id, options: { ...omitNullish({ model }), messages, tools, toolChoice, templateOptions } }
}

/**
 * Converts a complete request.
 *
 * @throws ApiError like `toPrompt`.
 */
export async function toGenerateOptions(
  body: MessagesRequest,
  services: Needed,
  signal: AbortSignal,
  changes: HistoryChanges,
): Promise<PreparedRequest<GenerateOptions & { maxTokens: number }>> {
  if (body.thread != null) {
    // Anthropic's clients recognise this code and retry without threads.
    const message =
      'thread: this server does not store conversations. Send the whole conversation without `thread`.'
    throw new ApiError(400, 'thread_unsupported_request', message, { param: 'thread' })
  }
  const maxTokens = resolveMaxTokens(body.max_tokens, services.settings, 'max_tokens')
  const { model, options } = await toPrompt(body, services, signal, changes)
  const { tool_choice: choice, thinking } = body
  return {
    model,
    options: {
      ...options,
      ...toResponseFormat(body.output_config?.format ?? body.output_format),
      ...omitNullish({
        stop: body.stop_sequences,
        temperature: body.temperature,
        topP: toTopP(body.top_p),
        seed: toSeed(body.seed),
        topK: body.top_k,
        reasoningTokens: thinking?.type === 'enabled' ? thinking.budget_tokens : undefined,
      }),
      maxTokens,
      parallelToolCalls:
        choice == null || choice.type === 'none' || choice.disable_parallel_tool_use !== true,
    },
  }
}

function toEngineToolChoice({ tool_choice: choice }: PromptRequest): ToolChoice {
  if (choice == null || choice.type === 'auto') return 'auto'
  if (choice.type === 'tool') return { name: choice.name }
  return choice.type === 'any' ? 'required' : 'none'
}

/**
 * Returns the chat template variables. Agents request thinking for any model, so variables that are not allowed are
 * ignored. Disabled thinking does not become a budget of 0, because not every model can skip thinking.
 */
function toTemplateOptions(
  { thinking, output_config: config }: PromptRequest,
  { templateOptions: allowed }: Pick<Settings, 'templateOptions'>,
): Record<string, unknown> {
  const effort = config?.effort
  const asked = omitNullish({
    enable_thinking: thinking == null ? undefined : thinking.type !== 'disabled',
    reasoning_effort: effort === 'xhigh' || effort === 'max' ? 'high' : effort,
  })
  return Object.fromEntries(Object.entries(asked).filter(([name]) => allowed.includes(name)))
}
