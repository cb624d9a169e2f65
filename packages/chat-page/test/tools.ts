import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import { useFolder } from '../../engine/test/engine/support.ts'
import { toolExample } from '../../engine/test/engine/tool-example.ts'
import { type Chat, expectNoComplaints, type usePage } from './page.ts'

const { question, result, answer } = toolExample

/** A file for MCP_CONFIG: the weather server, once as it should be and once without a station, and one that is not there. */
export function useMcpConfig(): string {
  const program = join(import.meta.dirname, '../../server/test/mcp-weather.ts')
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
  const weather = (how: string) => ({
    command: process.execPath,
    args: ['--import', tsx, program, how],
  })
  const file = join(useFolder().path, 'mcp.json')
  const mcpServers = {
    weather: weather(''),
    stormy: weather('fails'),
    gone: { command: 'no-such-program' },
  }
  writeFileSync(file, JSON.stringify({ mcpServers }))
  return file
}

/** The tests of MCP tools. They are part of browser.test.ts: each file of tests builds the page, to the same folder. */
export function describeTools({ open }: ReturnType<typeof usePage>): void {
  const openSettings = async ({ button, page }: Chat) => {
    await button('Settings').click()
    return page.getByRole('group', { name: 'Tools' })
  }

  describe('tools of MCP servers', () => {
    test('are off, and called if their server is selected', async () => {
      const chat = await open()
      const asked = chat.page.waitForRequest('**/v1/chat/completions')
      await chat.say('Say hello.')
      expect((await asked).postDataJSON()).not.toHaveProperty('mcp_servers')
      await chat.answer()

      const tools = await openSettings(chat)
      const box = tools.getByRole('checkbox', { name: 'weather' })
      expect(await box.isChecked()).toBe(false)
      await tools.getByText('get_weather The weather of a city, now.').first().waitFor()
      await tools.getByText('The server cannot be reached.').waitFor()
      await box.check()
      expect(await chat.barriers()).toEqual([])
      await chat.page.keyboard.press('Escape')

      await chat.button('New conversation').click()
      await chat.say(question)
      expect(await chat.answer()).toBe(answer)
      const summary = chat.page.locator('.call summary')
      expect(await summary.textContent()).toBe('Called get_weather from weather {"city":"Bern"}')
      const output = chat.page.getByRole('region', { name: 'Result of get_weather' })
      expect(await output.isVisible()).toBe(false)
      await summary.press('Enter')
      expect(await output.textContent()).toBe(result)
      expect(await chat.barriers()).toEqual([])

      await chat.reload()
      await summary.waitFor()
      const next = chat.page.waitForRequest('**/v1/chat/completions')
      await chat.say('Say hello.')
      expect((await next).postDataJSON()).toMatchObject({
        mcp_servers: ['weather'],
        messages: [
          { role: 'user', content: question },
          { role: 'assistant', content: answer },
          { role: 'user', content: 'Say hello.' },
        ],
      })
      await chat.answer()
      expectNoComplaints(chat)
    })

    test('report failures', async () => {
      const chat = await open()
      const tools = await openSettings(chat)
      await tools.getByRole('checkbox', { name: 'stormy' }).check()
      await chat.page.keyboard.press('Escape')
      await chat.say(question)
      await chat.answer()
      const summary = chat.page.locator('.call summary').first()
      expect(await summary.textContent()).toBe('Failed: get_weather from stormy {"city":"Bern"}')
      await summary.click()
      await chat.page.getByText('No station answers.').waitFor()
      expect(await chat.barriers()).toEqual([])
    })

    test('of a server that no longer exists can be deselected, and a page without servers has no such setting', async () => {
      const chat = await open()
      const tools = await openSettings(chat)
      await tools.getByRole('checkbox', { name: 'weather' }).check()
      await chat.page.route('**/api/mcp', (route) => route.fulfill({ json: { servers: [] } }))
      await chat.reload()
      await openSettings(chat)
      await tools.getByText('This server no longer exists.').waitFor()
      await tools.getByRole('checkbox', { name: 'weather' }).click()
      await tools.waitFor({ state: 'detached' })
    })

    test('that cannot be listed show the reason', async () => {
      const chat = await open()
      const error = { message: 'Too many requests.' }
      await chat.page.route('**/api/mcp', (route) => route.fulfill({ status: 429, json: { error } }))
      const tools = await openSettings(chat)
      await tools.getByText('The tools could not be listed. Too many requests.').waitFor()
      expect(await chat.barriers()).toEqual([])
    })
  })
}
