/** How a desktop app starts its model, and what the user can do if that fails. */
import { cpSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { model, startSlowHub } from '../../packages/engine/test/setup/slow-hub.ts'
import { type Desk, DesktopApp } from '../support/desktop-app.ts'
import { DesktopChat } from '../support/desktop-chat.ts'
import { answerTo } from '../support/hello.ts'

const question = 'What is MLX?'

/**
 * Describes the start of a packaged app in the shim.
 *
 * @param program returns the path of the program.
 */
export function describeStart(desk: () => Desk, program: () => string): void {
  const start = async (environment: NodeJS.ProcessEnv = {}) => {
    const app = await DesktopApp.start({ app: program(), runtime: 'the shim', desk: desk(), environment })
    onTestFinished(async () => void (await app.end('SIGKILL')))
    return app
  }
  const resources = () => join(dirname(program()), 'resources')
  /** Puts a model into the app until the test has ended. */
  const addModel = (name: string) => {
    const folder = join(resources(), 'models')
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    cpSync(join(resources(), 'my-desk', '_vendor', 'mlx_app', 'hello'), join(folder, name), {
      recursive: true,
    })
  }
  /** Asks something once the model is in memory. */
  const expectAnswer = async (app: DesktopApp) => {
    const { say, answer } = await DesktopChat.open(app)
    await say(question)
    expect(await answer()).toBe(answerTo(question))
  }
  const notice = (app: DesktopApp, hasText: string) => app.page.locator('.notice', { hasText })
  const button = (app: DesktopApp, name: string) => app.page.getByRole('button', { name, exact: true })

  describe('the start', () => {
    test('a download can be stopped, and tried again', async () => {
      const hub = await startSlowHub()
      onTestFinished(() => hub[Symbol.asyncDispose]())
      // The first piece is sent, and no other.
      hub.pace = () => new Promise(() => {})
      const app = await start({ MLX_MODEL: model, HF_ENDPOINT: hub.address })
      await app.page.getByText(/of 4\.\d MB/).waitFor()
      await button(app, 'Stop').click()
      await notice(app, 'Loading the model was stopped.').waitFor()
      expect(await button(app, 'Stop').count()).toBe(0)
      hub.pace = undefined
      await button(app, 'Try again').click()
      await expectAnswer(app)
    })

    test('a model that can not be loaded is shown, and the user can try again', async () => {
      const app = await start({ MLX_MODEL: './models/missing' })
      await notice(app, 'models/missing').waitFor()
      // What is missing arrives meanwhile.
      addModel('missing')
      await button(app, 'Try again').click()
      await expectAnswer(app)
    })

    test('another model can be chosen instead of one that can not be loaded, at each start', async () => {
      addModel('other')
      for (let time = 0; time < 2; time++) {
        const app = await start({ MLX_MODEL: './models/missing' })
        await notice(app, 'models/missing').waitFor()
        const models = app.page.getByRole('combobox', { name: 'Model' })
        await expect.poll(() => models.locator('option:checked').textContent()).toBe('Choose a model')
        await models.selectOption('other')
        await expectAnswer(app)
        expect(await app.page.locator('.figures').last().textContent()).toMatch(/^other · /)
        await app.quit()
      }
    })
  })

  test('a restart that fails tells why, and the log of the app has it too', async () => {
    const app = await start()
    await expectAnswer(app)
    const programs = join(resources(), 'python', 'bin')
    renameSync(programs, `${programs}.away`)
    try {
      for (const { id } of app.pythons()) process.kill(id, 'SIGKILL')
      const problem = notice(app, 'The model process could not be restarted.')
      await problem.waitFor()
      expect(await problem.textContent()).toMatch(/See Help > Show Log\.\n.*python3/)
    } finally {
      renameSync(`${programs}.away`, programs)
    }
    await app.page.locator('.notice').waitFor({ state: 'detached' })
    await button(app, 'New conversation').click()
    await expectAnswer(app)
    app.command({ click: ['Help', 'Show Log'], of: 'app' })
    const path = join(desk().home, '.config', 'My Desk', 'logs', 'main.log')
    await expect.poll(() => app.reported('showItemInFolder')).toEqual([path])
    expect(readFileSync(path, 'utf8')).toMatch(/ state state=failed\n {2}EngineError: .*python3/)
  })
}
