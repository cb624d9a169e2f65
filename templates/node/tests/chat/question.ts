import { join } from 'node:path'
import { scriptCommand } from 'mlx-app/setup'
import { describe, expect, test } from 'vitest'
import { answerTo } from '../support/hello.ts'
import { build, chat, directory, run, useFolder } from '../support/program.ts'

const folder = useFolder()

test('prints only the answer, for questions from any source and several at once', async () => {
  const question = 'Say hello in five languages.'
  const outcomes = await Promise.all([
    run([...chat, question]),
    run(chat, { input: 'What is MLX?\n' }),
    run([...chat, '--system', 'You are friendly.', '-'], { input: 'Count to ten.' }),
  ])
  const answers = [question, 'What is MLX?', 'Count to ten.']
  expect(outcomes).toEqual(
    answers.map((answered) => ({ stdout: `${answerTo(answered)}\n`, stderr: '', code: 0 })),
  )
})

test('notes on standard error that an answer was cut off', async () => {
  const { stdout, stderr, code } = await run([...chat, '--max-tokens', '12', 'What is MLX?'])
  expect(answerTo('What is MLX?').startsWith(stdout.trimEnd())).toBe(true)
  expect(stderr).toBe('The answer was cut off after 12 tokens. Use --max-tokens to allow more.\n')
  expect(code).toBe(0)
})

describe('exits', () => {
  test('with 2 for wrong usage', async () => {
    expect(await run([...chat, '--colour', 'Tell me a story.'])).toEqual({
      stdout: '',
      stderr: "Unknown option '--colour'.\nSee --help.\n",
      code: 2,
    })
  })

  test('with 2 if there is neither a question nor a terminal', async () => {
    expect(await run(chat)).toEqual({
      stdout: '',
      stderr:
        'No question was given. Pass one as an argument or on standard input, or start a chat in a terminal.\nSee --help.\n',
      code: 2,
    })
  })

  test('with 1 and the command to run, without a stack, if Python is missing', async () => {
    const python = join(folder, 'no python')
    const { stdout, stderr, code } = await run([...chat, 'Tell me a story.'], {
      extra: { MLX_PYTHON: python },
    })
    expect(stderr).toBe(
      `MLX_PYTHON is ${python}, which does not exist.\nCorrect MLX_PYTHON, or unset it and run: ${scriptCommand('setup')}\n`,
    )
    expect({ stdout, code }).toEqual({ stdout: '', code: 1 })
  })

  test('with 1 if there is no such model', async () => {
    const { stderr, code } = await run([...chat, '--model', 'absent', 'Tell me a story.'])
    expect(stderr).toContain('There is no model "absent".')
    expect(code).toBe(1)
  })
})

test('the built program runs in any folder', async () => {
  const built = await run(build)
  expect(built).toEqual({ stdout: 'dist/main.js\n', stderr: '', code: 0 })
  const program = join(directory, 'dist', 'main.js')
  const { stdout, code } = await run([program], { input: 'Who are you?', from: folder })
  expect({ stdout, code }).toEqual({ stdout: `${answerTo('Who are you?')}\n`, code: 0 })
})
