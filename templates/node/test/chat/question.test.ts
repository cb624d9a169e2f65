import { join } from 'node:path'
import { scriptCommand } from 'mlx-app/setup'
import { describe, expect, test } from 'vitest'
import { answerTo } from '../support/hello.ts'
import { build, chat, directory, run, useFolder } from '../support/program.ts'

const folder = useFolder()

test('the answer alone, to a question from anywhere, and to several at once', async () => {
  const question = 'Say hello in five languages.'
  const outcomes = await Promise.all([
    run([...chat, question]),
    run(chat, { input: 'What is MLX?\n' }),
    run([...chat, '--system', 'You are friendly.', '-'], { input: 'Count to ten.' }),
  ])
  const answers = [question, 'What is MLX?', 'Count to ten.']
  expect(outcomes).toEqual(answers.map((asked) => ({ stdout: `${answerTo(asked)}\n`, stderr: '', code: 0 })))
})

test('an answer that was cut says so, beside its text', async () => {
  const { stdout, stderr, code } = await run([...chat, '--max-tokens', '12', 'What is MLX?'])
  expect(answerTo('What is MLX?').startsWith(stdout.trimEnd())).toBe(true)
  expect(stderr).toBe('The answer was cut at 12 tokens: --max-tokens sets how many it may have.\n')
  expect(code).toBe(0)
})

describe('ends', () => {
  test('with 2 and what is wrong, on wrong usage', async () => {
    expect(await run([...chat, '--colour', 'Tell me a story.'])).toEqual({
      stdout: '',
      stderr: "Unknown option '--colour'.\nSee --help.\n",
      code: 2,
    })
  })

  test('with 2 when nothing is asked and there is no terminal', async () => {
    expect(await run(chat)).toEqual({
      stdout: '',
      stderr:
        'There is no question: standard input is empty, and it is no terminal to chat on.\nSee --help.\n',
      code: 2,
    })
  })

  test('with 1 and the command that helps, without a stack, when there is no Python', async () => {
    const python = join(folder, 'no python')
    const { stdout, stderr, code } = await run([...chat, 'Tell me a story.'], {
      extra: { MLX_PYTHON: python },
    })
    expect(stderr).toBe(
      `MLX_PYTHON is ${python}, which does not exist.\nCorrect MLX_PYTHON, or unset it and run: ${scriptCommand('setup')}\n`,
    )
    expect({ stdout, code }).toEqual({ stdout: '', code: 1 })
  })

  test('with 1 when there is no such model', async () => {
    const { stderr, code } = await run([...chat, '--model', 'absent', 'Tell me a story.'])
    expect(stderr).toContain('There is no model "absent".')
    expect(code).toBe(1)
  })
})

test('the built program answers from any folder', async () => {
  const built = await run(build)
  expect(built).toEqual({ stdout: 'dist/main.js\n', stderr: '', code: 0 })
  const program = join(directory, 'dist', 'main.js')
  const { stdout, code } = await run([program], { input: 'Who are you?', from: folder })
  expect({ stdout, code }).toEqual({ stdout: `${answerTo('Who are you?')}\n`, code: 0 })
})
