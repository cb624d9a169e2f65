/** The chat page in the window of a desktop app, as one uses it. */
import type { Locator, Page } from 'playwright-core'
import type { DesktopApp } from './desktop-app.ts'

export class DesktopChat {
  readonly app: DesktopApp
  readonly page: Page

  private constructor(app: DesktopApp) {
    this.app = app
    this.page = app.page
  }

  /** Waits until the model is loaded and one can ask something. */
  static async open(app: DesktopApp): Promise<DesktopChat> {
    await app.page.locator('.welcome button:enabled').first().waitFor()
    return new DesktopChat(app)
  }

  readonly button = (name: string): Locator => this.page.getByRole('button', { name, exact: true })

  /** Types a message and sends it. */
  readonly say = async (text: string): Promise<void> => {
    const message = this.page.getByRole('textbox', { name: 'Message', exact: true })
    await message.fill(text)
    await message.press('Enter')
    await this.page.locator('.answer').last().waitFor()
  }

  /** Returns the text of the last answer, once it has ended. */
  readonly answer = async (): Promise<string> => {
    await this.page.locator('.answer:last-child .turn-actions').waitFor()
    return (await this.page.locator('.answer').last().locator('> .markdown').textContent()) ?? ''
  }
}
