import { invalid } from '../errors.ts'
import type { Settings } from '../settings.ts'

/**
 * Checks the number of messages, and of the parts in each.
 *
 * @param param the name of the list in the body.
 * @throws ApiError 400 if a limit is exceeded.
 */
export function checkMessageLimits(
  messages: readonly { content?: unknown }[],
  settings: Pick<Settings, 'maxMessages' | 'maxParts'>,
  param = 'messages',
): void {
  if (messages.length > settings.maxMessages) {
    throw invalid(
      `${param}: at most ${settings.maxMessages} are allowed, but there are ${messages.length}.`,
      param,
    )
  }
  for (const [place, { content }] of messages.entries()) {
    if (!Array.isArray(content) || content.length <= settings.maxParts) continue
    const where = `${param}.${place}.content`
    throw invalid(
      `${where}: at most ${settings.maxParts} parts are allowed, but there are ${content.length}.`,
      where,
    )
  }
}

/**
 * Returns the token limit of an answer: the requested one or the default.
 *
 * @throws ApiError 400 if the request exceeds the limit of the settings.
 */
export function resolveMaxTokens(
  asked: number | null | undefined,
  settings: Pick<Settings, 'defaultTokens' | 'maxTokens'>,
  param: string,
): number {
  if (asked == null) return Math.min(settings.defaultTokens, settings.maxTokens)
  if (asked <= settings.maxTokens) return asked
  throw invalid(
    `${param}: at most ${settings.maxTokens} tokens are allowed, but ${asked} were requested.`,
    param,
  )
}

/**
 * Returns the chat template variables of a request. Templates are code, so only allowed variables are passed on.
 *
 * @throws ApiError 400 for a variable that is not allowed. The message lists those that are.
 */
export function checkTemplateOptions(
  options: Record<string, unknown>,
  settings: Pick<Settings, 'templateOptions'>,
  param: string,
): Record<string, unknown> {
  const { templateOptions: allowed } = settings
  const forbidden = Object.keys(options).find((name) => !allowed.includes(name))
  if (forbidden === undefined) return options
  const choice = allowed.length === 0 ? 'none' : allowed.join(', ')
  const where = `${param}.${forbidden}`
  throw invalid(`${where}: requests cannot set this variable. Allowed variables: ${choice}.`, where)
}
