import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  allFeatures,
  allLayers,
  featuresOf,
  layersFor,
  packageManagers,
  pythonEnvironments,
  templates,
} from '../../src/choices.ts'
import { readArguments } from '../../src/command-line/arguments.ts'
import { helpJson, helpText } from '../../src/command-line/help.ts'
import { listJson, listText } from '../../src/command-line/list.ts'
import { allSwitchOptions, allValueOptions } from '../../src/command-line/options.ts'
import { catalogue } from '../../src/models/catalogue.ts'

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

  it('matches what the command line accepts, for each name and each value', () => {
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
    const ids = allValueOptions.filter((option) => option.recoverableFromNpm).map((option) => option.id)
    expect(ids).toEqual(['template', 'model', 'env'])
  })

  it('names layers that exist, each once', () => {
    for (const { value: template } of templates) {
      for (const { value: packageManager } of packageManagers) {
        const features = featuresOf(template).map((feature) => feature.value)
        const names = layersFor({ template, packageManager, features })
        expect(new Set(names).size).toBe(names.length)
        expect(allLayers()).toEqual(expect.arrayContaining(names))
      }
    }
    for (const name of allLayers()) {
      expect(existsSync(new URL(`../../templates/${name}`, import.meta.url)), name).toBe(true)
    }
  })

  it('includes every feature folder in templates/', () => {
    const features = new URL('../../templates/features/', import.meta.url)
    const folders = readdirSync(features).flatMap((name) => [
      ...(readdirSync(new URL(`${name}/`, features)).some((entry) => !entry.startsWith('+')) ? [name] : []),
      ...readdirSync(new URL(`${name}/`, features))
        .filter((entry) => entry.startsWith('+'))
        .map((entry) => `${name}/${entry}`),
    ])
    expect(allLayers()).toEqual(expect.arrayContaining(folders.map((folder) => `features/${folder}`)))
  })

  it('gives a feature only the layers of the selected template and package manager', () => {
    const names = layersFor({ template: 'node', packageManager: 'yarn', features: ['ci'] })
    expect(names.filter((name) => name.startsWith('features/'))).toEqual([
      'features/ci/+typescript',
      'features/ci/+program',
      'features/ci/+yarn',
    ])
    expect(layersFor({ template: 'node', packageManager: 'npm' }).join()).not.toContain('features/')
  })

  it('has each value once', () => {
    for (const choices of [templates, packageManagers, pythonEnvironments, allFeatures]) {
      const values = choices.map((choice) => choice.value)
      expect(new Set<string>(values).size).toBe(values.length)
    }
  })

  it('is explained by --help', () => {
    expect(helpText('1.2.3')).toMatchSnapshot()
  })

  it('is explained by the README, with the short forms', () => {
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
    const table = readme.slice(
      readme.indexOf('## The command line'),
      readme.indexOf("## What hasn't been tested"),
    )
    for (const { flag, short } of options) {
      expect(table).toContain(`\`${flag}\``)
      if (short !== undefined) expect(table).toContain(`\`${flag}\`, \`${short}\``)
      if (!allSwitchOptions.some((option) => option.flag === flag && option.shortFor)) {
        expect(table, 'the summary').toMatch(new RegExp(`\\[${flag}[ \\]]`))
      }
    }
    expect(table).toContain('thirty models')
    expect(catalogue.filter(({ id }) => id !== 'hello')).toHaveLength(30)
  })

  it('matches what --help gives a program', () => {
    const flags = options.map(({ flag, short }) => ({ flag, ...(short === undefined ? {} : { short }) }))
    expect(helpJson()).toMatchObject(flags)
    expect(helpJson()).toContainEqual({
      flag: '--with',
      value: 'F,F',
      help: expect.any(String),
      values: allFeatures.map(({ value }) => value),
      many: true,
      default: 'none',
    })
  })
})

describe('the list', () => {
  const machine = {
    platform: 'darwin',
    architecture: 'arm64',
    memoryBytes: 16 * 2 ** 30,
    nodeVersion: '24.1.0',
  } as const

  it('has the templates and features, for people and for programs', async () => {
    expect(await listText(machine)).toMatch(
      /Features \(--with\):\n {2}ci: lint, type checks and tests .*\(.*node.*\)\n/,
    )
    expect(await listJson(machine)).toMatchObject({
      templates: templates.map(({ value, modelTasks }) => ({
        id: value,
        features: featuresOf(value).map((feature) => feature.value),
        modelTasks,
      })),
      features: allFeatures.map(({ value, templates: of }) => ({ id: value, templates: of })),
    })
  })

  it('has each model with its size, whether it fits, its use, licence and revision', async () => {
    const text = await listText(machine)
    expect(text).toContain(
      '  mlx-community/Qwen3.5-9B-4bit (6.0 GB, fits) [default]\n' +
        '      reasoning and tool calls; also takes images; Apache-2.0; revision 8b2b98c0\n',
    )
    expect(text).toContain('  hello (no download, fits)\n')
    expect(text).toContain('(63.3 GB, too large)\n')
    expect(text).toContain('; Apache-2.0; branch main\n')
    expect(text).toMatch(/Text models:\n.*Vision models:\n.*Embedding models:\n/s)
    expect(text).toContain('17.2 GB of memory')
    expect(text).toContain('A tight model')
    expect(await listJson(machine)).toMatchObject({
      models: catalogue.map(({ id, task, downloadBytes, memoryBytes, licence }) => ({
        id,
        task,
        downloadBytes,
        memoryBytes,
        licence,
        fit: expect.stringMatching(/^(fits|tight|too large)$/),
      })),
      defaultModel: 'mlx-community/Qwen3.5-9B-4bit',
    })
  })
})
