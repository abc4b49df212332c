// The command line of this process: reads the arguments, runs one command, gives its exit code. Errors are one line on standard error.

import { readFileSync } from 'node:fs'
import { type Interrupt, listenForInterrupt } from '@whyslow/command/terminal/interrupt.ts'
import { type Follower, processScreen } from '@whyslow/command/terminal/screen.ts'
import { isFollowed, type Message } from '@whyslow/command/terminal/supervise.ts'
import { commandExit } from '@whyslow/command/terminal/usage-error.ts'
import { compiledTwin } from '@whyslow/graph/compiled-twin.ts'
import { hidePasswords, runProgram } from './run-program.ts'

// What a stream says of its reader (gone early in `whyslow … | head`, a full disk) reaches the writer through its callback.
process.stdout.on('error', () => {})
process.stderr.on('error', () => {})
process.on('uncaughtException', (error) => {
  process.exit(end(error, false))
})

/** Runs the command that `argv` names; its exit code. */
export function runCommandLine(argv: string[]): Promise<number> {
  let interrupt: Interrupt | undefined
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', compiledTwin(import.meta.url)), 'utf8')) as {
    version: string
  }
  const listen = () => {
    interrupt = listenForInterrupt()
    return interrupt.signal
  }
  const screen = isFollowed() ? { ...processScreen(), follower: supervisor } : processScreen()
  const world = { version, screen, interrupt: listen }
  return runProgram(argv, world, (error) => end(error, interrupt?.signal.aborted === true))
}

/** The process that supervises this one. */
const supervisor: Follower = {
  progress: (progress) => void tell({ progress }),
  document: (document) => tell({ document }),
}

/** It may have gone; then nobody waits for an answer. */
const tell = (message: Message): Promise<void> => new Promise((resolve) => process.send!(message, () => resolve()))

function end(error: unknown, interrupted: boolean): number {
  const { line, exitCode } = commandExit(error, interrupted)
  const wantsStack = (process.env.WHYSLOW_DEBUG ?? '') !== ''
  const say = (text: string) => process.stderr.write(`${hidePasswords(text, process.argv.slice(2))}\n`)
  if (line !== null && wantsStack && error instanceof Error) say(error.stack ?? '')
  if (line !== null) say(`whyslow: ${line}`)
  return exitCode
}
