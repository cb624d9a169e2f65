import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readSettings, settingRows } from '../src/settings.ts'

const page = join(import.meta.dirname, '../docs/settings.md')

test('docs/settings.md has the table of settings; `-u` updates it', async () => {
  const defaults = new Map<string, unknown>(Object.entries(readSettings({})))
  const rows = settingRows.map(({ key, variable, meaning }) => {
    const value = String(defaults.get(key) ?? '')
    return `| \`${variable}\` | ${value === '' ? '' : `\`${value}\``} | ${meaning} |`
  })
  const text = `# Settings

All settings are environment variables. If a value is invalid, the server prints the name of the
variable and exits with code 2. In your own program, \`readSettings({ PORT: '0' })\` reads settings
from any object.

| Variable | Default | Description |
|---|---|---|
${rows.join('\n')}
`
  await expect(text).toMatchFileSnapshot(page)
})
