import { expect, it } from 'vitest'
import { oldNodeReason } from '../../src/machine/machine.ts'
import { appId, productName } from '../../src/project/app-names.ts'

it.each([
  ['my-app', 'My App', 'com.example.my-app'],
  ['@scope/my_app.two', 'My App Two', 'com.example.my-app.two'],
  ['-', '-', 'com.example.-'],
  ['2048', '2048', 'com.example.2048'],
  ['--a--', 'A', 'com.example.--a--'],
])('a desktop app %s is called %s, and identified as %s', (name, product, id) => {
  expect([productName(name), appId(name)]).toEqual([product, id])
})

it.each([
  ['20.19.0', '22.12', false],
  ['22.9.0', '22.12', false],
  ['22.12.0', '22.12', true],
  ['24.0.0', '22.12', true],
  ['20.19.0', undefined, true],
] as const)('with Node %s, a project that needs %s can be installed: %s', (nodeVersion, oldest, can) => {
  const reason = oldNodeReason({ nodeVersion }, oldest)
  expect(reason === undefined).toBe(can)
  if (reason !== undefined)
    expect(reason).toBe(
      `It needs Node 22.12 or newer, and this is Node ${nodeVersion}. Install a newer Node first.`,
    )
})
