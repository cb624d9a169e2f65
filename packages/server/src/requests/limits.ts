import { invalid } from '../errors.ts'
import type { Settings } from '../settings.ts'

/**
 * @param param the name of the list in the body.
 * @throws ApiError 400 for more messages than the settings allow, or more parts in one of them.
 */
export function checkMessageLimits(
  messages: readonly { content?: unknown }[],
  settings: Pick<Settings, 'maxMessages' | 'maxParts'>,
  param = 'messages',
): void {
  if (messages.length > settings.maxMessages) {
    throw invalid(`${param}: at most ${settings.maxMessages} may be sent, not ${messages.length}.`, param)
  }
  for (const [place, { content }] of messages.entries()) {
    if (!Array.isArray(content) || content.length <= settings.maxParts) continue
    const where = `${param}.${place}.content`
    throw invalid(`${where}: at most ${settings.maxParts} parts may be sent, not ${content.length}.`, where)
  }
}

/**
 * The most tokens of an answer: what the request asks for, or the default of the settings.
 *
 * @throws ApiError 400 over the limit of the settings, which it names.
 */
export function resolveMaxTokens(
  asked: number | null | undefined,
  settings: Pick<Settings, 'defaultTokens' | 'maxTokens'>,
  param: string,
): number {
  if (asked == null) return Math.min(settings.defaultTokens, settings.maxTokens)
  if (asked <= settings.maxTokens) return asked
  throw invalid(`${param}: at most ${settings.maxTokens} tokens may be asked for, not ${asked}.`, param)
}

/**
 * The variables of the chat template that a request sets. A template is code, so only listed names are passed on to it.
 *
 * @throws ApiError 400 for a name that is not listed, with those that are.
 */
export function checkTemplateOptions(
  options: Record<string, unknown>,
  settings: Pick<Settings, 'templateOptions'>,
  param: string,
): Record<string, unknown> {
  const { templateOptions: allowed } = settings
  const unlisted = Object.keys(options).find((name) => !allowed.includes(name))
  if (unlisted === undefined) return options
  const choice = allowed.length === 0 ? 'none' : allowed.join(', ')
  const where = `${param}.${unlisted}`
  throw invalid(`${where}: this server lets requests set: ${choice}.`, where)
}
