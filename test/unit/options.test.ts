import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readArguments } from '../../src/arguments.ts'
import { helpText } from '../../src/help.ts'
import {
  allSwitchOptions,
  allValueOptions,
  layersFor,
  packageManagers,
  pythonEnvironments,
  templates,
} from '../../src/options.ts'

const options = [...allValueOptions, ...allSwitchOptions]

describe('the registry of options', () => {
  it('names each option once', () => {
    const names = options.flatMap((option) => [
      option.flag,
      ...(option.short === undefined ? [] : [option.short]),
    ])
    expect(new Set(names).size).toBe(names.length)
    for (const option of options) expect(option.flag).toBe(`--${option.id}`)
  })

  it('is what the command line takes, by each name and with each value', () => {
    for (const option of allSwitchOptions) {
      for (const flag of [option.flag, option.short ?? option.flag]) {
        expect([...readArguments([flag], {}).switches]).toEqual([option.id])
      }
    }
    for (const option of allValueOptions) {
      for (const value of option.choices?.map((choice) => choice.value) ?? ['x']) {
        expect(readArguments([option.flag, value], {}).values.get(option.id)).toBe(value)
        expect(readArguments([`${option.short ?? option.flag}=${value}`], {}).values.get(option.id)).toBe(
          value,
        )
      }
    }
  })

  it('takes template, model and env from npm, and nothing else', () => {
    const fromNpm = allValueOptions.filter((option) => option.fromNpm).map((option) => option.id)
    expect(fromNpm).toEqual(['template', 'model', 'env'])
  })

  it('names layers that exist, each once', () => {
    for (const { value: template } of templates) {
      for (const { value: packageManager } of packageManagers) {
        const names = layersFor({ template, packageManager }).map((use) => use.layer)
        expect(new Set(names).size).toBe(names.length)
        for (const name of names) {
          expect(existsSync(new URL(`../../templates/${name}`, import.meta.url)), name).toBe(true)
        }
      }
    }
  })

  it('gives each value once', () => {
    for (const choices of [templates, packageManagers, pythonEnvironments]) {
      const values = choices.map((choice) => choice.value)
      expect(new Set<string>(values).size).toBe(values.length)
    }
  })

  it('is explained by --help', () => {
    expect(helpText('1.2.3')).toMatchSnapshot()
  })
})
