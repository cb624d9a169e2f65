import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { copyPageToPython } from '../../../scripts/chat-page.ts'
import { answerTo, story } from '../../engine/test/engine/support.ts'
import type { CaseServer } from '../../server/test/api-case-runner.ts'
import { startPythonServer } from '../../server/test/python-server.ts'
import { expectNoComplaints, type usePage } from './page.ts'

/** The tests with the Python server. They are part of browser.test.ts: each file of tests builds the page, to the same folder. */
export function describePythonServer({ open }: ReturnType<typeof usePage>): void {
  describe('with the Python server', () => {
    let server: CaseServer
    beforeAll(async () => {
      copyPageToPython()
      server = await startPythonServer()
    })
    afterAll(() => server.cut())

    test('streams answers and keeps the conversation', async () => {
      const chat = await open({ baseURL: `${server.url}/` })
      await chat.say('What is MLX?')
      expect(await chat.answer()).toBe(answerTo('What is MLX?'))
      await chat.say(story)
      expect(await chat.answer()).toBe(answerTo(story))
      expect(await chat.page.locator('.figures').last().textContent()).toMatch(/^hello · \d+\stokens/)
      await chat.reload()
      expect(await chat.answer()).toBe(answerTo(story))
      expectNoComplaints(chat)
    })
  })
}
