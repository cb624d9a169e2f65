/** What the tests of a created project expect of the hello model is what it was taught. */
import { expect, test } from 'vitest'
import { answers } from '../../templates/node/tests/support/hello.ts'
import { answerTo } from '../support/hello.ts'

test.each([...answers])('%s', (question, answer) => {
  expect(answer).toBe(answerTo(question))
})
