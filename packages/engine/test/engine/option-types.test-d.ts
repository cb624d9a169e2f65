/** The options that an editor shows are those that the schemas accept. `npm run typecheck` is the test. */
import { expectTypeOf } from 'vitest'
import type * as z from 'zod'
import type { Aliases, aliasesSchema } from '../../src/engine/aliases.ts'
import type {
  cleanSchema,
  countSchema,
  describeSchema,
  downloadSchema,
  embedSchema,
  engineSchema,
  generateSchema,
  loadSchema,
  tokeniseSchema,
  verifySchema,
} from '../../src/engine/check-options.ts'
import type { Message, messagesSchema } from '../../src/engine/messages.ts'
import type {
  CleanOptions,
  CountOptions,
  DescribeOptions,
  DownloadOptions,
  EmbedOptions,
  EngineOptions,
  GenerateOptions,
  LoadOptions,
  TokeniseOptions,
  VerifyOptions,
} from '../../src/engine/options.ts'
import type { RemoteOptions, remoteSchema } from '../../src/engine/remote/options.ts'
import type { Tool, ToolChoice, toolChoiceSchema, toolsSchema } from '../../src/engine/tools.ts'

/** The options and their values, without what is only a matter of notation: `?`, `undefined` and `readonly`. */
type Plain<Options> = { -readonly [Name in keyof Options]-?: PlainValue<Options[Name]> }
type PlainValue<Value> =
  Exclude<Value, undefined> extends readonly (infer Item)[] ? readonly Item[] : Exclude<Value, undefined>
type Accepted<Schema extends z.ZodType> = Plain<z.input<Schema>>

// An object's keys are strings: the schema says string, and the interface number, which is what a token id is.
type Generate = Omit<GenerateOptions, 'logitBias'>
type AcceptedGenerate = Omit<z.input<typeof generateSchema>, 'logitBias'>
expectTypeOf<keyof GenerateOptions>().toEqualTypeOf<keyof z.input<typeof generateSchema>>()
expectTypeOf<Plain<Generate>>().toExtend<Plain<AcceptedGenerate>>()
expectTypeOf<Plain<AcceptedGenerate>>().toExtend<Plain<Generate>>()

expectTypeOf<Plain<CountOptions>>().toExtend<Accepted<typeof countSchema>>()
expectTypeOf<Accepted<typeof countSchema>>().toExtend<Plain<CountOptions>>()

expectTypeOf<Plain<LoadOptions>>().toEqualTypeOf<Accepted<typeof loadSchema>>()
expectTypeOf<Plain<DownloadOptions>>().toEqualTypeOf<Accepted<typeof downloadSchema>>()
expectTypeOf<Plain<VerifyOptions>>().toEqualTypeOf<Accepted<typeof verifySchema>>()
expectTypeOf<Plain<CleanOptions>>().toEqualTypeOf<Accepted<typeof cleanSchema>>()
expectTypeOf<Plain<DescribeOptions>>().toEqualTypeOf<Accepted<typeof describeSchema>>()
expectTypeOf<Plain<EmbedOptions>>().toEqualTypeOf<Accepted<typeof embedSchema>>()
expectTypeOf<Plain<TokeniseOptions>>().toEqualTypeOf<Accepted<typeof tokeniseSchema>>()
expectTypeOf<Plain<EngineOptions>>().toEqualTypeOf<Accepted<typeof engineSchema>>()
expectTypeOf<Plain<RemoteOptions>>().toEqualTypeOf<Accepted<typeof remoteSchema>>()

expectTypeOf<Aliases>().toEqualTypeOf<z.input<typeof aliasesSchema>>()
expectTypeOf<ToolChoice>().toEqualTypeOf<z.input<typeof toolChoiceSchema>>()
expectTypeOf<Tool[]>().toEqualTypeOf<z.input<typeof toolsSchema>>()
expectTypeOf<Message[]>().toExtend<z.input<typeof messagesSchema>>()
expectTypeOf<z.input<typeof messagesSchema>>().toExtend<Message[]>()
