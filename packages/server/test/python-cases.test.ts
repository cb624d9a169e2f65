/** Runs the cases of api-cases/ against the server of the Python package. */
import { testCases } from './api-case-runner.ts'
import { readCases } from './api-cases.ts'
import { startPythonServer } from './python-server.ts'

/** The APIs that only the Node server has, by the names of their files. */
const onlyNode: Record<string, string> = {
  agents: "the agents' requests use the Messages and Responses APIs too",
  'histories-agents': 'the Messages and Responses APIs',
  messages: 'the Messages API',
  'messages-count-tokens': 'the Messages API',
  responses: 'the Responses API',
  'responses-custom-tools': 'the Responses API',
  'responses-limits': 'the Responses API',
  'responses-tools': 'the Responses API',
  'tools-with-formats': 'the Responses and Messages APIs',
}

testCases(
  readCases().filter(({ name }) => !(name in onlyNode)),
  startPythonServer,
)
