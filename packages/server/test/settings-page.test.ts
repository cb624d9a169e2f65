import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readSettings, settingRows } from '../src/settings.ts'

const page = join(import.meta.dirname, '../docs/settings.md')

test('docs/settings.md holds the table of settings; `-u` writes it', async () => {
  const defaults = new Map<string, unknown>(Object.entries(readSettings({})))
  const rows = settingRows.map(({ key, variable, meaning }) => {
    const value = String(defaults.get(key) ?? '')
    return `| \`${variable}\` | ${value === '' ? '' : `\`${value}\``} | ${meaning} |`
  })
  const text = `# Settings

All settings come from the environment. A wrong value ends the start with exit code 2 and the name of its variable.
In a program of your own, \`readSettings({ PORT: '0' })\` takes them from any object.

| Variable | Default | What it is |
|---|---|---|
${rows.join('\n')}
`
  await expect(text).toMatchFileSnapshot(page)
})
