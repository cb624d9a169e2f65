import { join } from 'node:path'
import { scriptCommand } from 'mlx-app/setup'
import { describe, expect, test } from 'vitest'
import { answerTo } from '../support/hello.ts'
import { build, chat, directory, run, useFolder } from '../support/program.ts'

const folder = useFolder()

describe('the answer alone', () => {
  test('to a question of the command line', async () => {
    const question = 'Say hello in five languages.'
    expect(await run([...chat, question])).toEqual({ stdout: `${answerTo(question)}\n`, stderr: '', code: 0 })
  })

  test('to a question from standard input', async () => {
    expect(await run(chat, { input: 'What is MLX?\n' })).toEqual({
      stdout: `${answerTo('What is MLX?')}\n`,
      stderr: '',
      code: 0,
    })
  })

  test('with a system message, to what stands for -', async () => {
    const outcome = await run([...chat, '--system', 'You are friendly.', '-'], { input: 'Count to ten.' })
    expect(outcome).toEqual({ stdout: `${answerTo('Count to ten.')}\n`, stderr: '', code: 0 })
  })
})

test('an answer that was cut says so, beside its text', async () => {
  const { stdout, stderr, code } = await run([...chat, '--max-tokens', '12', 'What is MLX?'])
  expect(answerTo('What is MLX?').startsWith(stdout.trimEnd())).toBe(true)
  expect(stderr).toBe('The answer was cut at 12 tokens: --max-tokens sets how many it may have.\n')
  expect(code).toBe(0)
})

test('a seed makes chance repeatable', async () => {
  const flags = ['--temperature', '2', '--max-tokens', '100', '--device', 'cpu', '--model', 'hello']
  const ask = (seed: string) => run([...chat, ...flags, '--seed', seed, 'Tell me a story.'])
  const [one, same, ...others] = await Promise.all(['3', '3', '4', '5'].map(ask))
  expect(one?.code).toBe(0)
  expect(same).toEqual(one)
  expect(others.some((other) => other.stdout !== one?.stdout)).toBe(true)
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
    const { stdout, stderr, code } = await run([...chat, 'Tell me a story.'], { extra: { MLX_PYTHON: python } })
    expect(stderr).toBe(
      `MLX_PYTHON names ${python}, which does not exist.\nCorrect MLX_PYTHON, or unset it and run: ${scriptCommand('setup')}\n`,
    )
    expect({ stdout, code }).toEqual({ stdout: '', code: 1 })
  })

  test('with 1 when there is no such model', async () => {
    const { stderr, code } = await run([...chat, '--model', 'absent', 'Tell me a story.'])
    expect(stderr).toContain('There is no model "absent".')
    expect(code).toBe(1)
  })
})

test('several starts at once', async () => {
  const questions = ['Say hello.', 'Count to ten.', 'Who are you?'] as const
  const outcomes = await Promise.all(questions.map((question) => run([...chat, question])))
  expect(outcomes.map(({ stdout }) => stdout.trim())).toEqual(questions.map(answerTo))
})

test('the built program answers from any folder', async () => {
  const built = await run(build)
  expect(built).toEqual({ stdout: 'dist/main.js\n', stderr: '', code: 0 })
  const program = join(directory, 'dist', 'main.js')
  const { stdout, code } = await run([program], { input: 'Who are you?', from: folder })
  expect({ stdout, code }).toEqual({ stdout: `${answerTo('Who are you?')}\n`, code: 0 })
})
