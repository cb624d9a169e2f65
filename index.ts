#!/usr/bin/env node
import { run } from './src/run.ts'

process.exitCode = await run(process.argv.slice(2), import.meta.dirname)
