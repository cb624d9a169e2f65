/** Runs the cases of api-cases/ against this server. */
import { testCases } from './api-case-runner.ts'
import { readCases } from './api-cases.ts'
import { openServer } from './support.ts'

testCases(readCases(), openServer)
