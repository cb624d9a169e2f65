import { describe, expect, it } from 'vitest'
import { editDistance, nearest } from '../../src/nearest.ts'
import { isScopedName, nameFromDirectory, packageNameProblem } from '../../src/project/package-name.ts'

describe('names', () => {
  it.each(['my-app', 'a', '@scope/app', 'app.js', 'a_b', '0app', 'x'.repeat(214)])('takes %s', (name) => {
    expect(packageNameProblem(name)).toBeUndefined()
  })

  it.each([
    ['', 'must not be empty'],
    ['My-App', 'capital letters'],
    [' app', 'space'],
    ['my app', 'not " "'],
    ['.app', 'dot'],
    ['_app', 'underscore'],
    ['日本', 'not "日"'],
    ['a🙂', 'not "🙂"'],
    ['@scope/', '@scope/name'],
    ['@/app', '@scope/name'],
    ['a/b', 'not "/"'],
    ['node_modules', 'reserved'],
    ['x'.repeat(215), 'more than 214'],
  ])('refuses "%s" with the reason', (name, reason) => {
    expect(packageNameProblem(name)).toContain(reason)
  })

  it.each([
    ['/tmp/my-app', 'my-app'],
    ['/tmp/My App', 'my-app'],
    ['/tmp/Ünïcode Projekt!', 'unicode-projekt'],
    ['/tmp/日本語', 'mlx-app'],
    ['/tmp/..hidden.', 'hidden'],
    ['/', 'mlx-app'],
    ['/tmp/node_modules', 'mlx-app'],
  ])('derives a name from the folder %s', (path, name) => {
    expect(nameFromDirectory(path)).toBe(name)
    expect(packageNameProblem(name)).toBeUndefined()
  })

  it('distinguishes a scoped name from a path', () => {
    expect(isScopedName('@scope/app')).toBe(true)
    expect(isScopedName('./@scope/app')).toBe(false)
    expect(isScopedName('@Scope/app')).toBe(false)
  })
})

describe('suggestions', () => {
  it('count the letters that differ', () => {
    expect(editDistance('kitten', 'sitting')).toBe(3)
    expect(editDistance('', 'abc')).toBe(3)
  })

  it('are the nearest name, or nothing', () => {
    expect(nearest('tempalte', ['template', 'model'])).toBe('template')
    expect(nearest('qwen3-4b', ['qwen3-4b-instruct-2507-4bit', 'hello'])).toBe('qwen3-4b-instruct-2507-4bit')
    expect(nearest('xyz', ['template', 'model'])).toBeUndefined()
  })
})
