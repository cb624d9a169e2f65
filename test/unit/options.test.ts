import { existsSync, readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readArguments } from '../../src/arguments.ts'
import {
  allFeatures,
  allLayers,
  featuresOf,
  layersFor,
  packageManagers,
  pythonEnvironments,
  templates,
} from '../../src/choices.ts'
import { helpText, listing, listText } from '../../src/help.ts'
import { allSwitchOptions, allValueOptions } from '../../src/options.ts'

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
        const { switches, values } = readArguments([flag], {})
        const { shortFor } = option
        expect([...switches]).toEqual(shortFor === undefined ? [option.id] : [])
        expect([...values]).toEqual(shortFor === undefined ? [] : [[shortFor.id, shortFor.value]])
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
        const features = featuresOf(template).map((feature) => feature.value)
        const names = layersFor({ template, packageManager, features }).map((use) => use.layer)
        expect(new Set(names).size).toBe(names.length)
        expect(allLayers()).toEqual(expect.arrayContaining(names))
      }
    }
    for (const name of allLayers()) {
      expect(existsSync(new URL(`../../templates/${name}`, import.meta.url)), name).toBe(true)
    }
  })

  it('has every folder of a feature that lies in templates/', () => {
    const features = new URL('../../templates/features/', import.meta.url)
    const folders = readdirSync(features).flatMap((name) => [
      ...(readdirSync(new URL(`${name}/`, features)).some((entry) => !entry.startsWith('+')) ? [name] : []),
      ...readdirSync(new URL(`${name}/`, features))
        .filter((entry) => entry.startsWith('+'))
        .map((entry) => `${name}/${entry}`),
    ])
    expect(allLayers()).toEqual(expect.arrayContaining(folders.map((folder) => `features/${folder}`)))
  })

  it('gives a feature the layers of the template and the package manager, and of no other', () => {
    const names = layersFor({ template: 'node', packageManager: 'yarn', features: ['ci'] }).map(
      (use) => use.layer,
    )
    expect(names.filter((name) => name.startsWith('features/'))).toEqual(['features/ci', 'features/ci/+yarn'])
    expect(layersFor({ template: 'node', packageManager: 'npm' }).join()).not.toContain('features/')
  })

  it('gives each value once', () => {
    for (const choices of [templates, packageManagers, pythonEnvironments, allFeatures]) {
      const values = choices.map((choice) => choice.value)
      expect(new Set<string>(values).size).toBe(values.length)
    }
  })

  it('is explained by --help', () => {
    expect(helpText('1.2.3')).toMatchSnapshot()
  })

  it('is listed with the features of each template, for people and for programs', () => {
    const machine = {
      platform: 'darwin',
      architecture: 'arm64',
      memoryBytes: 16e9,
      nodeVersion: '24.1.0',
    } as const
    expect(listText(machine)).toMatch(/Features \(--with\):\n {2}ci: lint, types and tests .*\(.*node.*\)\n/)
    expect(listing(machine)).toMatchObject({
      templates: templates.map(({ value }) => ({
        id: value,
        features: featuresOf(value).map((feature) => feature.value),
      })),
      features: allFeatures.map(({ value, templates: of }) => ({ id: value, templates: of })),
    })
  })
})
