/** The names by which the model knows functions of namespaces. */
import { describe, expect, test } from 'vitest'
import { type FunctionName, ToolNames } from '../src/responses/tool-names.ts'

function modelNames(offered: FunctionName[]): string[] {
  const names = new ToolNames(offered)
  const told = offered.map((each) => names.toModel(each))
  expect(told.map((name) => names.fromModel(name))).toEqual(offered)
  return told
}

describe('the model’s name for a function', () => {
  test('consists of the namespace and the name', () => {
    const offered = [{ name: 'read' }, { namespace: 'mcp__files', name: 'read' }]
    expect(modelNames(offered)).toEqual(['read', 'mcp__files__read'])
  })

  test('has at most 64 characters and ends with part of a hash', () => {
    const namespace = 'n'.repeat(60)
    const [read = '', write = ''] = modelNames([
      { namespace, name: 'read' },
      { namespace, name: 'write' },
    ])
    expect(read).toMatch(/^n{49}__read_[0-9a-f]{8}$/)
    expect(write).toMatch(/^n{48}__write_[0-9a-f]{8}$/)
    expect([read.length, write.length]).toEqual([64, 64])
  })

  test('is unique if two functions would have the same', () => {
    const offered = [{ namespace: 'a', name: 'b__c' }, { namespace: 'a__b', name: 'c' }, { name: 'a__b__c' }]
    const [first, second, third] = modelNames(offered)
    expect(third).toBe('a__b__c')
    expect(first).toMatch(/^a__b__c_[0-9a-f]{8}$/)
    expect(second).toMatch(/^a__b__c_[0-9a-f]{8}$/)
    expect(second).not.toBe(first)
  })

  test('does not depend on other functions', () => {
    const read = { namespace: 'n'.repeat(64), name: 'read' }
    const alone = new ToolNames([read])
    const beside = new ToolNames([{ name: 'list' }, { namespace: 'm', name: 'read' }, read])
    expect(beside.toModel(read)).toBe(alone.toModel(read))
    expect(new ToolNames([]).toModel(read)).toBe(alone.toModel(read))
  })
})

test('an unknown name is returned unchanged', () => {
  const names = new ToolNames([{ namespace: 'mcp__files', name: 'read' }])
  expect(names.fromModel('read')).toEqual({ name: 'read' })
})
