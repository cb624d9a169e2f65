/** `webContents`: one page of Chromium, with the preload in a world of its own. */
import { EventEmitter } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Chromium, Session } from './chromium.ts'
import { report } from './control.ts'
import { type Frame, ipcMain, type Posted } from './ipc.ts'
import { preventable } from './preventable.ts'
import { fromChromium, handledPattern, handlerOf, toChromium } from './schemes.ts'
import { session } from './session.ts'

const world = 'preload'
const mainWorldScript = readPage('main-world.js')
const preloadWorldScript = readPage('preload-world.js')

type OpenHandler = (details: { url: string }) => { action: 'allow' | 'deny' }

export class WebContents extends EventEmitter {
  static readonly all: WebContents[] = []
  readonly id: number
  readonly session = session.defaultSession
  readonly mainFrame: Frame
  /** Ends when the page can be loaded, and has its target. */
  readonly opened: Promise<Page>
  #url = ''
  #destroyed = false
  #openHandler: OpenHandler = () => ({ action: 'allow' })

  constructor(opening: Promise<{ chromium: Chromium; targetId: string }>, preload: string | undefined) {
    super()
    this.id = WebContents.all.push(this)
    const contents = this
    this.mainFrame = {
      get url() {
        return contents.#url
      },
      get origin() {
        const { protocol, host } = new URL(contents.#url)
        return host === '' ? 'null' : `${protocol}//${host}`
      },
      parent: null,
      send: (channel, ...args) => this.send(channel, ...args),
    }
    this.opened = opening.then(async ({ chromium, targetId }) => {
      const page = new Page(await chromium.attach(targetId), targetId, this)
      await page.prepare(preload)
      return page
    })
  }

  async loadURL(url: string): Promise<void> {
    const page = await this.opened
    await page.load(toChromium(url))
  }

  send(channel: string, ...args: readonly unknown[]): void {
    const sent = structuredClone(args)
    // A page that is being closed or loaded doesn't receive it, as in Electron.
    void this.opened.then((page) => page.receive(channel, sent)).catch(() => {})
  }

  reload(): void {
    // The page may be closed meanwhile.
    void this.opened.then((page) => page.session.send('Page.reload')).catch(() => {})
  }

  getURL(): string {
    return this.#url
  }

  isDestroyed(): boolean {
    return this.#destroyed
  }

  setWindowOpenHandler(handler: OpenHandler): void {
    this.#openHandler = handler
  }

  /** Called by the page when its address changes. */
  navigated(url: string): void {
    this.#url = fromChromium(url)
    this.emit('did-navigate', {}, this.#url)
  }

  /** Called by the window when its target is gone. */
  destroyed(): void {
    this.#destroyed = true
    this.emit('destroyed')
  }

  /** Called by the page when it opens a window. Chromium's flag --block-new-web-contents prevents it. */
  windowOpened(address: string): void {
    const url = fromChromium(address)
    if (this.#openHandler({ url }).action === 'allow')
      throw new Error("The shim can't open windows for a page.")
    report('refused', { window: url })
  }
}

interface PausedRequest {
  requestId: string
  request: { url: string; method: string; headers: Record<string, string>; postData?: string }
  resourceType: string
  frameId: string
}

/** The target of a webContents. */
class Page {
  readonly session: Session
  readonly targetId: string
  readonly #contents: WebContents
  #preloadContext: number | undefined
  /** Navigations that the page itself has asked for. */
  readonly #requested = new Set<string>()

  constructor(session: Session, targetId: string, contents: WebContents) {
    this.session = session
    this.targetId = targetId
    this.#contents = contents
    session.on('Runtime.executionContextCreated', ({ context }) => {
      if (context.name === world && context.auxData?.frameId === targetId) this.#preloadContext = context.id
    })
    session.on('Page.frameNavigated', ({ frame }) => {
      if (frame.parentId === undefined) contents.navigated(frame.url)
    })
    session.on('Page.domContentEventFired', () => contents.emit('dom-ready'))
    session.on('Page.loadEventFired', () => contents.emit('did-finish-load'))
    session.on('Inspector.targetCrashed', () =>
      contents.emit('render-process-gone', {}, { reason: 'crashed', exitCode: 1 }),
    )
    session.on('Page.windowOpen', ({ url }) => contents.windowOpened(url))
    session.on('Page.frameRequestedNavigation', ({ frameId, url }) => {
      if (frameId === targetId) this.#requested.add(url)
    })
    session.on('Runtime.bindingCalled', ({ name, payload, executionContextId }) => {
      if (name === 'shimPost') void this.#deliver(JSON.parse(payload), executionContextId)
    })
    session.on('Fetch.requestPaused', (paused) => {
      // Chromium takes back requests of pages that are closed meanwhile.
      void this.#respond(paused).catch(() => {})
    })
  }

  /** Prepares the page for its first address. @param preload the path of the preload script. */
  async prepare(preload: string | undefined): Promise<void> {
    const { session } = this
    const patterns = [{ urlPattern: handledPattern }, { urlPattern: '*', resourceType: 'Document' as const }]
    await Promise.all([
      session.send('Page.enable'),
      session.send('Runtime.enable'),
      session.send('Inspector.enable'),
      session.send('Fetch.enable', { patterns }),
      session.send('Runtime.addBinding', { name: 'shimPost', executionContextName: world }),
    ])
    if (preload === undefined) return
    await session.send('Page.addScriptToEvaluateOnNewDocument', { source: mainWorldScript })
    const { platform, versions } = process
    const sandboxed = JSON.stringify({ platform, versions, type: 'renderer', sandboxed: true, env: {} })
    const script = `(require, process, module, exports) => {${readFileSync(preload, 'utf8')}\n}`
    const source = `(() => {${preloadWorldScript}\nrunPreload(${sandboxed}, ${script})})()`
    await session.send('Page.addScriptToEvaluateOnNewDocument', { source, worldName: world })
  }

  /** Loads an address. Ends when the page has loaded. */
  async load(url: string): Promise<void> {
    const loaded = new Promise<void>((resolve) => this.#contents.once('did-finish-load', () => resolve()))
    const { errorText } = await this.session.send('Page.navigate', { url })
    if (errorText !== undefined) throw new Error(`${errorText} loading '${fromChromium(url)}'`)
    await loaded
  }

  /** Passes a message on to the preload. */
  async receive(channel: string, args: readonly unknown[]): Promise<void> {
    await this.#run(`shimReceive(${JSON.stringify(channel)}, ${JSON.stringify(args)})`, this.#preloadContext)
  }

  async #deliver(posted: Posted, context: number): Promise<void> {
    const sender = this.#contents
    const event = { sender, senderFrame: sender.mainFrame, processId: sender.id, frameId: 1 }
    const reply = await ipcMain.deliver(event, posted)
    // The page that asked may be gone.
    if (reply !== undefined) await this.#run(`shimReply(${JSON.stringify(reply)})`, context).catch(() => {})
  }

  async #run(expression: string, contextId: number | undefined): Promise<void> {
    if (contextId === undefined) throw new Error('The page has no preload.')
    await this.session.send('Runtime.evaluate', { expression, contextId })
  }

  async #respond(paused: PausedRequest): Promise<void> {
    const { requestId, request, resourceType, frameId } = paused
    if (resourceType === 'Document' && frameId === this.targetId && this.#requested.delete(request.url)) {
      const url = fromChromium(request.url)
      const event = { ...preventable(), url }
      this.#contents.emit('will-navigate', event, url)
      if (event.defaultPrevented) {
        report('refused', { navigation: url })
        await this.session.send('Fetch.failRequest', { requestId, errorReason: 'Aborted' })
        return
      }
    }
    const handler = handlerOf(request.url)
    if (handler === undefined) {
      await this.session.send('Fetch.continueRequest', { requestId })
      return
    }
    const { method, headers, postData } = request
    let response: Response
    try {
      response = await handler(
        new Request(fromChromium(request.url), { method, headers, body: postData ?? null }),
      )
    } catch {
      await this.session.send('Fetch.failRequest', { requestId, errorReason: 'Failed' })
      return
    }
    await this.session.send('Fetch.fulfillRequest', {
      requestId,
      responseCode: response.status,
      responseHeaders: Array.from(response.headers, ([name, value]) => ({ name, value })),
      body: Buffer.from(await response.arrayBuffer()).toString('base64'),
    })
  }
}

function readPage(name: string): string {
  return readFileSync(join(import.meta.dirname, 'pages', name), 'utf8')
}
