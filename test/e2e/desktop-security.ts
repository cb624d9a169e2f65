/** What the page of a desktop app must not be able to do. These tests are a part of desktop-app.test.ts, which has the app. */
import { expect, test } from 'vitest'
import { z } from 'zod'
import type { DesktopChat } from '../support/desktop-chat.ts'

/** Describes the security of an app. @param start starts it, until the end of the test. */
export function describeSecurity(start: () => Promise<DesktopChat>): void {
  test('calls with wrong arguments and from other pages are refused', async () => {
    const { page } = await start()
    const call = (expression: string) =>
      page.evaluate(`(async () => {
        try {
          return await ${expression}
        } catch (error) {
          return { refused: error.message }
        }
      })()`)
    const streamed = (name: string, argument: string) =>
      call(`new Promise((resolve) => desktop.${name}(${argument}, resolve))`)
    expect(await call('desktop.status()')).toMatchObject({ value: { model: 'hello' } })
    const wrong = [
      ['load', '42'],
      ['load', '""'],
      ['chat', '42'],
      ['chat', '{ messages: [] }'],
      ['chat', `{ messages: [{ role: 'user', text: 'Hi.' }], python: '/bin/sh' }`],
      ['chat', `{ messages: [{ role: 'user', text: 'Hi.', images: ['file:///etc/passwd'] }] }`],
    ] as const
    for (const [name, argument] of wrong) {
      const { failure } = z
        .object({ failure: z.object({ message: z.string() }) })
        .parse(await streamed(name, argument))
      expect(failure.message, `${name}(${argument})`).toMatch(/Invalid|Too small|Unrecognized/)
    }
    await page.goto('data:text/html,<title>foreign</title>')
    const refused = expect.stringContaining('Only the page of this app can call it.')
    expect(await call('desktop.status()')).toEqual({ refused })
    expect(await streamed('load', '"hello"')).toMatchObject({ failure: { message: refused } })
  })

  test('app:// has the files of the page and no others', async () => {
    const { page } = await start()
    const address = page.url()
    const textAt = async (path: string) => {
      await page.goto(new URL(path, address).href)
      return page.locator('body').textContent()
    }
    for (const path of [
      '/..%2fmain%2findex.js',
      '/..%2f..%2fpackage.json',
      '/%2e%2e%5cmain%5cindex.js',
      '/index.html%00',
      '/assets',
    ])
      expect(await textAt(path), path).toBe('Not found')
    expect(await textAt('/index.html')).toContain('hello')
  })

  test('the Content-Security-Policy stops inline scripts and connections', async () => {
    const { page } = await start()
    const attack = () =>
      page.evaluate(`(async () => {
        const violations = []
        document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => violations.push(effectiveDirective))
        const script = document.createElement('script')
        script.textContent = 'globalThis.attacked = true'
        document.body.append(script)
        const connected = await new Promise((resolve) => {
          const request = new XMLHttpRequest()
          request.onloadend = () => resolve(request.status === 200)
          request.open('GET', '/index.html')
          request.send()
        })
        // The events are tasks that are waiting by now.
        await new Promise((resolve) => setTimeout(resolve))
        return { attacked: globalThis.attacked ?? false, connected, violations: violations.sort() }
      })()`)
    const violations = ['connect-src', 'script-src-elem']
    expect(await attack()).toEqual({ attacked: false, connected: false, violations })
    // The same without the policy, which shows that nothing else stops it.
    const debuggerSession = await page.context().newCDPSession(page)
    await debuggerSession.send('Page.setBypassCSP', { enabled: true })
    await page.reload()
    expect(await attack()).toEqual({ attacked: true, connected: true, violations: [] })
  })
}
