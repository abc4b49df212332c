#!/usr/bin/env node
// The whyslow command: reads the arguments, runs one command, ends with its exit code. Errors are one line on standard error.
import { readFileSync } from 'node:fs'
import { type Interrupt, listenForInterrupt } from './interrupt.ts'
import { runProgram } from './run-program.ts'
import { processScreen } from './screen.ts'
import { endingOf } from './usage-error.ts'

// What a stream says of its reader (gone early in `whyslow … | head`, a full disk) reaches the writer through its callback.
process.stdout.on('error', () => {})
process.stderr.on('error', () => {})
process.on('uncaughtException', (error) => {
  process.exit(end(error, false))
})

process.exitCode = await main(process.argv.slice(2))

async function main(argv: string[]): Promise<number> {
  const screen = processScreen()
  let interrupt: Interrupt | undefined
  const version = (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string })
    .version
  const listen = () => {
    interrupt = listenForInterrupt()
    return interrupt.signal
  }
  return runProgram(argv, { version, screen, interrupt: listen }, (error) => end(error, interrupt?.signal.aborted === true))
}

function end(error: unknown, interrupted: boolean): number {
  const { line, exitCode } = endingOf(error, interrupted)
  const wantsStack = (process.env.WHYSLOW_DEBUG ?? '') !== ''
  if (line !== null && wantsStack && error instanceof Error)
    process.stderr.write(`${error.stack}
`)
  if (line !== null)
    process.stderr.write(`whyslow: ${line}
`)
  return exitCode
}
