// The command line: reads the arguments, runs one command, gives its exit code. Errors are one line on standard error.
import { existsSync, readFileSync } from 'node:fs'
import { CommanderError } from 'commander'
import { withoutPasswords } from '../report/text/addresses.ts'
import { type Interrupt, listenForInterrupt } from './interrupt.ts'
import { createProgram } from './program.ts'
import { processScreen } from './screen.ts'
import { endingOf } from './usage-error.ts'
import { usageLine } from './usage-line.ts'

/** Environment variables that hold addresses which messages may quote. */
const ADDRESSES = ['WHYSLOW_QUEUE', 'AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL'] as const

// What a stream says of its reader (gone early in `whyslow … | head`, a full disk) reaches the writer through its callback.
process.stdout.on('error', () => {})
process.stderr.on('error', () => {})
process.on('uncaughtException', (error) => {
  process.exit(end(error, false))
})

/** Runs the command that `argv` names; its exit code. */
export async function runCommandLine(argv: string[]): Promise<number> {
  const screen = processScreen()
  let interrupt: Interrupt | undefined
  const program = createProgram({
    version: (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }).version,
    screen,
    interrupt: () => {
      interrupt = listenForInterrupt()
      return interrupt.signal
    },
  })
  if (argv.length === 0) {
    screen.say(program.helpInformation())
    return 2
  }
  try {
    await program.parseAsync(asksHelp(argv) ? [...argv.slice(1), '--help'] : argv, { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return 0
      screen.say(`whyslow: ${hidden(usageLine(error, program, argv))}\n`)
      return 2
    }
    return end(error, interrupt?.signal.aborted === true)
  }
}

/** `whyslow help fix`, unless a model has that name. */
function asksHelp([first]: readonly string[]): boolean {
  return first === 'help' && !existsSync(first)
}

function end(error: unknown, interrupted: boolean): number {
  const { line, exitCode } = endingOf(error, interrupted)
  const wantsStack = (process.env.WHYSLOW_DEBUG ?? '') !== ''
  if (line !== null && wantsStack && error instanceof Error)
    process.stderr.write(`${hidden(error.stack ?? '')}
`)
  if (line !== null)
    process.stderr.write(`whyslow: ${hidden(line)}
`)
  return exitCode
}

/** Without the passwords of what was named: messages quote arguments, and packages the addresses that they were given. */
function hidden(text: string): string {
  const named = process.argv.slice(2).map((one) => one.replace(/^--[a-z-]+=/, ''))
  const given = [...named, ...ADDRESSES.map((name) => process.env[name] ?? '')]
  return withoutPasswords(text, { addresses: given.filter((one) => one.includes('://')) })
}
