/** What the settings say for calls that leave an option out. The server may have defaults of its own for the rest. */
import type { CheckedGenerate } from '../check-options.ts'
import type { SamplingOptions } from '../options.ts'
import type { LoadedModel } from '../results.ts'
import { withoutUndefined } from '../without-undefined.ts'

export interface CallDefaults {
  sampling: SamplingOptions
  templateOptions: Record<string, unknown>
}

/** Returns a call with the defaults for the options that it leaves out. */
export function withDefaults(
  call: CheckedGenerate,
  { sampling, templateOptions }: CallDefaults,
): CheckedGenerate {
  return {
    ...call,
    ...sampling,
    ...withoutUndefined(call),
    // A raw prompt has no template.
    templateOptions:
      call.prompt === undefined ? { ...templateOptions, ...call.templateOptions } : call.templateOptions,
  }
}

/** Returns the defaults as `loadModel` tells them. */
export function toReport({ sampling, templateOptions }: CallDefaults): LoadedModel['defaults'] {
  const report: LoadedModel['defaults'] = {}
  for (const [name, value] of Object.entries(sampling)) report[name] = { value, source: 'settings' }
  if (Object.keys(templateOptions).length > 0) {
    report.templateOptions = { value: templateOptions, source: 'settings' }
  }
  return report
}
