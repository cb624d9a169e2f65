import type { CheckedGenerate, CheckedLoad } from '../check-options.ts'
import { EngineError } from '../errors.ts'
import type { Capability, Server } from './servers.ts'

type Requirement<Options> = readonly [
  option: string,
  capability: Capability,
  isUsed: (options: Options) => boolean,
]

/** Which option of a call requires which capability. An option with its default value requires none. */
const requirements: readonly Requirement<CheckedGenerate>[] = [
  ['prompt', 'prompt', ({ prompt }) => prompt !== undefined],
  ['messages with images', 'images', ({ messages = [] }) => messages.some(hasImage)],
  ['topP', 'topP', ({ topP = 1 }) => topP !== 1],
  ['topK', 'topK', ({ topK = 0 }) => topK !== 0],
  ['minP', 'minP', ({ minP = 0 }) => minP !== 0],
  ['xtcProbability', 'xtc', ({ xtcProbability = 0 }) => xtcProbability !== 0],
  ['xtcThreshold', 'xtc', ({ xtcThreshold = 0.1 }) => xtcThreshold !== 0.1],
  ['repetitionPenalty', 'repetitionPenalty', ({ repetitionPenalty = 1 }) => repetitionPenalty !== 1],
  ['presencePenalty', 'presencePenalty', ({ presencePenalty = 0 }) => presencePenalty !== 0],
  ['frequencyPenalty', 'frequencyPenalty', ({ frequencyPenalty = 0 }) => frequencyPenalty !== 0],
  ['repetitionContext', 'penaltyContext', ({ repetitionContext = 20 }) => repetitionContext !== 20],
  ['presenceContext', 'penaltyContext', ({ presenceContext = 20 }) => presenceContext !== 20],
  ['frequencyContext', 'penaltyContext', ({ frequencyContext = 20 }) => frequencyContext !== 20],
  ['logitBias', 'logitBias', ({ logitBias }) => Object.keys(logitBias).length > 0],
  ['seed', 'seed', ({ seed }) => seed !== undefined],
  ['n', 'sequences', ({ n }) => n !== 1],
  ['logprobs', 'logprobs', ({ logprobs }) => logprobs !== undefined],
  ['responseFormat json_object', 'jsonObject', ({ responseFormat }) => responseFormat.type === 'json_object'],
  ['responseFormat json_schema', 'jsonSchema', ({ responseFormat }) => responseFormat.type === 'json_schema'],
  ['responseFormat regex', 'regex', ({ responseFormat }) => responseFormat.type === 'regex'],
  ['responseFormat grammar', 'grammar', ({ responseFormat }) => responseFormat.type === 'grammar'],
  ['tools', 'tools', ({ tools }) => tools.length > 0],
  ['the grammar of a tool', 'toolGrammar', ({ tools }) => tools.some(({ grammar }) => grammar !== undefined)],
  ['toolChoice', 'toolChoice', ({ tools, toolChoice }) => tools.length > 0 && toolChoice !== 'auto'],
  ['parallelToolCalls', 'parallelToolCalls', ({ parallelToolCalls }) => !parallelToolCalls],
  ['reasoningTokens', 'reasoningTokens', ({ reasoningTokens }) => reasoningTokens !== undefined],
  ['templateOptions', 'templateOptions', ({ templateOptions }) => Object.keys(templateOptions).length > 0],
  ['volatileLines', 'volatileLines', ({ volatileLines }) => volatileLines !== 'keep'],
  ['truncation', 'truncation', ({ truncation }) => truncation !== 'none'],
  ['priority', 'priority', ({ priority }) => priority !== 'normal'],
  ['caller', 'caller', ({ caller }) => caller !== ''],
  ['promptCache', 'promptCacheOff', ({ promptCache }) => !promptCache],
  ['cacheFile', 'cacheFile', ({ cacheFile }) => cacheFile !== undefined],
  ['adapter', 'adapter', ({ adapter }) => adapter !== undefined],
  ['draftModel', 'draftModel', ({ draftModel }) => draftModel !== undefined],
  ['draftTokens', 'draftModel', ({ draftTokens }) => draftTokens !== 3],
  ['kvBits', 'kvBits', ({ kvBits }) => kvBits !== undefined],
  ['kvGroupSize', 'kvBits', ({ kvGroupSize }) => kvGroupSize !== 64],
  ['onPromptProgress', 'promptProgress', ({ onPromptProgress }) => onPromptProgress !== undefined],
]

/** The options of `loadModel` that no server supports. An adapter belongs to each call. */
const loadRequirements: readonly Requirement<CheckedLoad>[] = [
  ['revision', 'revision', ({ revision }) => revision !== undefined],
  ['pinned', 'pinned', ({ pinned }) => pinned],
  ['adapter', 'adapter', ({ adapter }) => adapter !== undefined],
]

/** The capabilities of chats that are not available for raw prompts. */
const chatOnly: ReadonlySet<Capability> = new Set([
  'images',
  'jsonObject',
  'jsonSchema',
  'logprobs',
  'parallelToolCalls',
  'templateOptions',
  'toolChoice',
  'tools',
])

/** @throws EngineError UNSUPPORTED, which names the first option that the server doesn't support. */
export function refuseUnsupported(server: Server, options: CheckedGenerate): void {
  for (const [option, capability, isUsed] of requirements) {
    if (!isUsed(options)) continue
    if (!server.capabilities.includes(capability)) throw unsupported(server, option, capability)
    if (options.prompt !== undefined && chatOnly.has(capability)) {
      throw new EngineError(
        'UNSUPPORTED',
        `generate: ${option} with a raw prompt is not supported by ${server.title}.`,
        {
          hint: 'Use messages instead.',
        },
      )
    }
  }
}

/** @throws EngineError UNSUPPORTED, which names the first option that the server doesn't support. */
export function refuseUnsupportedLoad(server: Server, options: CheckedLoad): void {
  for (const [option, capability, isUsed] of loadRequirements) {
    if (isUsed(options)) throw unsupported(server, option, capability, 'loadModel')
  }
}

/** Returns the error for an option or method that a server doesn't support. */
export function unsupported(
  server: Server,
  option: string,
  capability: Capability,
  method = 'generate',
): EngineError {
  const what = option === method ? method : `${method}: ${option}`
  return new EngineError('UNSUPPORTED', `${what} is not supported by ${server.title}.`, {
    hint: server.advice[capability] ?? 'Leave it out, or use an engine on this machine.',
  })
}

function hasImage({ content }: NonNullable<CheckedGenerate['messages']>[number]): boolean {
  return Array.isArray(content) && content.some(({ type }) => type === 'image')
}
