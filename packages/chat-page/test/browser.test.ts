import type { Locator } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { needs } from '../../../test/support/programs/needs.ts'
import { answerTo, story } from '../../engine/test/engine/support.ts'
import { createAnswer, createUserTurn, startConversation, withTurn } from '../src/state/conversation.ts'
import { expectNoComplaints, slowDown, usePage } from './page.ts'
import { describePythonServer } from './python.ts'
import { describeTools, useMcpConfig } from './tools.ts'

/** The code that the model shows. */
const code = answerTo('Show me some code.').replace(/^```python\n|\n```$/g, '')

describe('the page', needs('chromium', 'ps'), () => {
  const page = usePage(useMcpConfig())
  const { open, findWorker, startStream } = page
  describeTools(page)
  describePythonServer(page)

  test('streams an answer, word for word, with its statistics', async () => {
    const chat = await open()
    await chat.say('What is MLX?')
    expect(await chat.answer()).toBe(answerTo('What is MLX?'))
    expect(await chat.page.locator('.figures').textContent()).toMatch(
      /^hello · \d+\stokens · [\d,.]+\stokens\/s · first\stoken\safter\s[\d.]+\sm?s$/,
    )
    expect(await chat.page.title()).toBe('What is MLX? – Chat')
    // Read out once, when it is whole.
    expect(await chat.page.locator('[aria-live=polite]').textContent()).toBe(answerTo('What is MLX?'))
    expectNoComplaints(chat)
  })

  test('copies code', async () => {
    const chat = await open()
    await chat.say('Show me some code.')
    await chat.answer()
    await chat.button('Copy code').click()
    await chat.button('Copied').waitFor()
    expect(await chat.page.evaluate('navigator.clipboard.readText()')).toBe(code)
  })

  test('copies code where the browser denies the permission', async () => {
    const chat = await open()
    await chat.say('Show me some code.')
    await chat.answer()
    await chat.page.context().clearPermissions()
    await chat.page.evaluate(() => {
      navigator.clipboard.writeText = async () => {
        throw new DOMException('Write permission denied.', 'NotAllowedError')
      }
    })
    await chat.button('Copy code').click()
    await chat.button('Copied').waitFor()
    await chat.page.context().grantPermissions(['clipboard-read'])
    expect(await chat.page.evaluate('navigator.clipboard.readText()')).toBe(code)
  })

  test('formats and reads numbers in the language of the system', async () => {
    const chat = await open({ locale: 'de-DE' })
    await chat.button('Settings').click()
    // What the server tells of the model.
    const place = (label: string) => chat.page.getByLabel(label).getAttribute('placeholder')
    expect(await place('Temperature')).toBe('Default: 0')
    expect(await place('Top p')).toBe('Default: 1')
    expect(await place('Seed')).toBe('Server default')
    await chat.page.getByLabel('Top p').fill('2')
    await chat.page.getByText('Enter a number from 0,01 to 1').waitFor()
    await chat.page.getByLabel('Top p').fill('0,5')
    await chat.page.getByText('Limits sampling to the most likely tokens').waitFor()
    const settings = await chat.page.evaluate('JSON.parse(localStorage.getItem("chat-settings"))')
    expect(settings).toMatchObject({ topP: 0.5 })
  })

  test('stops an answer, and regenerates it', async () => {
    const chat = await open()
    await slowDown(chat.page, 15_000)
    await chat.say(story)
    await chat.page.getByText('Once upon').waitFor()
    await chat.message.press('Escape')
    const part = await chat.answer()
    expect(answerTo(story).startsWith(part)).toBe(true)
    expect(part.length).toBeLessThan(answerTo(story).length)
    expect(await chat.page.locator('.figures').textContent()).toBe('hello · stopped')
    await slowDown(chat.page, -1)
    await chat.button('Regenerate answer').click()
    expect(await chat.answer()).toBe(answerTo(story))
    expect(await chat.page.locator('.turn').count()).toBe(2)
    expectNoComplaints(chat)
  })

  test('sends an edited message again, and removes everything after it', async () => {
    const chat = await open()
    await chat.say('Who are you?')
    await chat.answer()
    await chat.say('What comes next?')
    await chat.answer()
    await chat.page.getByText('Who are you?').last().hover()
    await chat.button('Edit message').first().click()
    const field = chat.page.getByRole('textbox', { name: 'Edit message' })
    expect(await field.inputValue()).toBe('Who are you?')
    await chat.page.getByText('Everything after this message will be replaced.').waitFor()
    await field.fill('Count to ten.')
    await chat.button('Send again').click()
    expect(await chat.answer()).toBe(answerTo('Count to ten.'))
    expect(await chat.page.locator('.bubble').allTextContents()).toEqual(['Count to ten.'])
  })

  test('keeps conversations across reloads, and renames and deletes them', async () => {
    const chat = await open()
    await chat.say('Say hello.')
    await chat.answer()
    await chat.reload()
    expect(await chat.answer()).toBe(answerTo('Say hello.'))
    await chat.page.getByRole('listitem').filter({ hasText: 'Say hello.' }).hover()
    await chat.button('Rename “Say hello.”').click()
    await chat.page.getByRole('textbox', { name: 'Title' }).fill('A greeting')
    await chat.page.keyboard.press('Enter')
    await chat.reload()
    await chat.page.getByRole('listitem').filter({ hasText: 'A greeting' }).hover()
    await chat.button('Delete “A greeting”').click()
    await chat.button('Delete').click()
    await chat.page.getByRole('heading', { name: 'What would you like to know?' }).waitFor()
    await chat.reload()
    await chat.button('Who are you?').waitFor()
    expect(await chat.page.getByRole('navigation').getByRole('listitem').count()).toBe(0)
    expectNoComplaints(chat)
  })

  test('shows HTML as text and loads no images', async () => {
    const chat = await open()
    const asked: string[] = []
    chat.page.on('request', (request) => asked.push(new URL(request.url()).host))
    const hostile =
      'Look <script>document.title = "taken"</script> ![a cat](https://cats.invalid/cat.png) <img src=x>'
    await chat.say(hostile)
    await chat.answer()
    expect(await chat.page.locator('.bubble').textContent()).toBe(hostile)
    const conversation = {
      id: 'imported',
      title: 'Imported',
      changed: Date.now() + 1,
      turns: [
        { role: 'user', id: '1', text: 'Hm', images: [] },
        { role: 'assistant', id: '2', text: hostile, reasoning: hostile, ending: 'stop' },
      ],
    }
    await chat.button('Settings').click()
    await chat.page.locator('input[type=file]').setInputFiles({
      name: 'conversations.json',
      mimeType: 'application/json',
      buffer: Buffer.from(JSON.stringify({ conversations: [conversation] })),
    })
    await chat.page.getByText('Imported 1 conversation.').waitFor()
    await chat.page.keyboard.press('Escape')
    await chat.button('Imported').click()
    expect(await chat.answer()).toBe('Look <script>document.title = "taken"</script> a cat <img src=x>')
    const link = chat.page.getByRole('link', { name: 'a cat' })
    expect(await link.getAttribute('href')).toBe('https://cats.invalid/cat.png')
    expect(await link.getAttribute('rel')).toBe('noopener noreferrer')
    expect(await chat.page.title()).toBe('Imported – Chat')
    expect(new Set(asked).size).toBe(1)
    expectNoComplaints(chat)
  })

  test('keeps conversations that it cannot read', async () => {
    const chat = await open()
    await chat.say('Say hello.')
    await chat.answer()
    const store = `new Promise((resolve) => {
      const opening = indexedDB.open('chat', 1)
      opening.onsuccess = () => resolve(opening.result.transaction('conversations', 'readwrite').objectStore('conversations'))
    })`
    await chat.page.evaluate(`${store}.then((store) => void store.put({ precious: true }, 'odd'))`)
    await chat.reload()
    await chat.page.getByText('1 conversation cannot be read.').waitFor()
    expect(await chat.answer()).toBe(answerTo('Say hello.'))
    const nested = '- '.repeat(5_000)
    const conversation = startConversation(createUserTurn('Quote'))
    const deep = withTurn(conversation, { ...createAnswer('hello'), text: nested, ending: 'stop' })
    await chat.page.evaluate(
      `${store}.then((store) => void store.put(${JSON.stringify(deep)}, '${deep.id}'))`,
    )
    await chat.reload()
    await chat.button('Quote').click()
    expect(await chat.answer()).toBe(nested)
    const kept = `${store}.then((store) => new Promise((resolve) => {
      store.get('odd').onsuccess = (event) => resolve(event.target.result)
    }))`
    expect(await chat.page.evaluate(kept)).toEqual({ precious: true })
  })

  test('reports a crash of the model during an answer, keeps the text, and recovers', async () => {
    const chat = await open()
    const killWorker = findWorker()
    // Beside others, an answer takes its time.
    const others = await Promise.all(Array.from({ length: 24 }, () => startStream(story)))
    await chat.say(story)
    await chat.page.getByRole('article').getByText('Once upon').waitFor()
    killWorker()
    await chat.page.getByText('The answer was interrupted.').waitFor()
    const restart = 'The model process stopped and is being restarted.'
    await chat.page.locator('.notice').getByText(restart).waitFor()
    await chat.page.getByRole('article').getByText(restart).waitFor()
    const part = await chat.answer()
    expect(answerTo(story).startsWith(part)).toBe(true)
    expect(part).not.toBe('')
    expect(await chat.barriers()).toEqual([])
    await Promise.all(others.map((response) => response.body?.cancel()))
    await chat.page.locator('.notice').waitFor({ state: 'detached' })
    await chat.button('Try again').click()
    expect(await chat.answer()).toBe(answerTo(story))
    expect(chat.complaints.filter((text) => !text.startsWith('Failed to load resource'))).toEqual([])
  })

  test('says that a content filter stopped an answer', async () => {
    const chat = await open()
    const chunk = JSON.stringify({
      choices: [{ delta: { content: 'Well,' }, finish_reason: 'content_filter' }],
    })
    await chat.page.route('**/v1/chat/completions', (route) =>
      route.fulfill({ contentType: 'text/event-stream', body: `data: ${chunk}\n\ndata: [DONE]\n\n` }),
    )
    await chat.say('Say it.')
    expect(await chat.answer()).toBe('Well,')
    await chat.page.getByText('The answer was stopped by a content filter.').waitFor()
    expectNoComplaints(chat)
  })

  test('follows an answer to its end, unless the user scrolls up', async () => {
    const chat = await open({ viewport: { width: 500, height: 420 } })
    const left = `(({ scrollHeight, clientHeight, scrollTop }) => scrollHeight - clientHeight - scrollTop)(
      document.querySelector('.scroll'))`
    await chat.say(story)
    await chat.answer()
    await expect.poll(() => chat.page.evaluate(left)).toBeLessThan(9)
    await slowDown(chat.page, 15_000)
    await chat.say('Tell me a story.')
    await chat.page.locator('.answer[aria-busy=true]', { hasText: 'It lived in a folder' }).waitFor()
    await chat.page.locator('.scroll').hover()
    await chat.page.mouse.wheel(0, -200)
    await chat.button('Scroll to end').waitFor()
    const top = await chat.page.evaluate("document.querySelector('.scroll').scrollTop")
    await slowDown(chat.page, -1)
    await chat.answer()
    expect(await chat.page.evaluate("document.querySelector('.scroll').scrollTop")).toBe(top)
    await chat.button('Scroll to end').click()
    await expect.poll(() => chat.page.evaluate(left)).toBeLessThan(9)
  })

  test('asks for the key of a server that requires one', async () => {
    const chat = await open()
    await chat.page.route(/\/(v1|api)\//, async (route) => {
      if (route.request().headers().authorization === 'Bearer right') return route.continue()
      return route.fulfill({ status: 401, json: { error: { message: 'A key is needed.' } } })
    })
    await chat.reload()
    const key = chat.page.getByRole('textbox', { name: 'Key' })
    await key.fill('wrong')
    await key.press('Enter')
    await chat.page.getByText('The server rejected this key.').waitFor()
    await key.fill('right')
    await key.press('Enter')
    await key.waitFor({ state: 'detached' })
    await chat.say('Say hello.')
    expect(await chat.answer()).toBe(answerTo('Say hello.'))
  })

  test('loads the selected model, and sends it images if it accepts them', async () => {
    const chat = await open()
    const seeing = { id: 'seeing', loaded: false, capabilities: ['images'] }
    await chat.page.route('**/v1/models', async (route) => {
      const response = await route.fetch()
      const { data } = await response.json()
      await route.fulfill({ json: { data: [...data, seeing] } })
    })
    const progress =
      'event: progress\ndata: {"stage":"download","loaded_bytes":1000000,"total_bytes":4000000}\n\n'
    let load: (body: string) => void = () => undefined
    await chat.page.route('**/api/load', async (route) => {
      const rest = await new Promise<string>((resolve) => {
        load = resolve
      })
      await route.fulfill({ contentType: 'text/event-stream', body: progress + rest })
    })
    await chat.reload()
    await chat.page.getByRole('combobox', { name: 'Model' }).selectOption('seeing')
    await chat.page.getByText('Loading seeing').waitFor()
    load('event: error\ndata: {"error":{"message":"There is no room for it."}}\n\n')
    await chat.page.getByText('seeing: There is no room for it.').waitFor()

    const pixel =
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
    await chat.page.locator('.composer input[type=file]').setInputFiles({
      name: 'dot.png',
      mimeType: 'image/png',
      buffer: Buffer.from(pixel, 'base64'),
    })
    await chat.page.getByRole('img', { name: 'Attachment 1' }).waitFor()
    const sent = chat.page.waitForRequest('**/v1/chat/completions')
    await chat.say('What is this?')
    expect((await sent).postDataJSON()).toMatchObject({
      model: 'seeing',
      messages: [
        {
          content: [
            { image_url: { url: expect.stringMatching(/^data:image\/jpeg;base64,/) } },
            { text: 'What is this?' },
          ],
        },
      ],
    })
  })

  test('can be used with the keyboard alone', async () => {
    const chat = await open()
    const { keyboard } = chat.page
    const tabTo = async (target: Locator) => {
      for (let presses = 0; presses < 20; presses += 1) {
        await keyboard.press('Tab')
        if ((await target.and(chat.page.locator(':focus')).count()) === 1) return
      }
      throw new Error(`${target} cannot be reached by Tab.`)
    }
    await keyboard.type('Count')
    await keyboard.press('Shift+Enter')
    expect(await chat.message.inputValue()).toBe('Count\n')
    await keyboard.press('Backspace')
    await keyboard.type(' to ten.')
    await keyboard.press('Enter')
    expect(await chat.answer()).toBe(answerTo('Count to ten.'))
    await tabTo(chat.button('New conversation'))
    await keyboard.press('Enter')
    await keyboard.type('Say hello.')
    await keyboard.press('Enter')
    expect(await chat.answer()).toBe(answerTo('Say hello.'))
    await tabTo(chat.button('Settings'))
    await keyboard.press('Enter')
    await tabTo(chat.page.getByLabel('Temperature'))
    await keyboard.press('Escape')
    await tabTo(chat.button('Edit message'))
    await keyboard.press('Enter')
    await keyboard.press('Escape')
    await chat.button('Edit message').waitFor()
    expectNoComplaints(chat)
  })

  test.each(['light', 'dark'] as const)('has no serious accessibility problem: %s', async (colorScheme) => {
    const chat = await open({ colorScheme })
    expect(await chat.barriers()).toEqual([])
    await chat.say('Show me some code.')
    await chat.answer()
    expect(await chat.barriers()).toEqual([])
    await chat.page.locator('.bubble').hover()
    expect(await chat.barriers()).toEqual([])
    await slowDown(chat.page, 15_000)
    await chat.say(story)
    expect(await chat.barriers()).toEqual([])
    await chat.message.press('Escape')
    await chat.button('Settings').click()
    await chat.page.getByLabel('Temperature').fill('9')
    expect(await chat.barriers()).toEqual([])
    await chat.page.keyboard.press('Escape')
    await chat.page.setViewportSize({ width: 390, height: 780 })
    await chat.button('Conversations').click()
    await chat.button('Show me some code.').waitFor()
    expect(await chat.barriers()).toEqual([])
    expectNoComplaints(chat)
  })
})
