// One command line from its words to its exit code, in whatever world the program is made.
import { existsSync } from 'node:fs'
import { CommanderError } from 'commander'
import { createProgram, type World } from './program.ts'
import { usageLine } from './usage-line.ts'

/** The exit code. `ended`: reports an error of a command, and gives its exit code. */
export async function runProgram(argv: readonly string[], world: World, ended: (error: unknown) => number): Promise<number> {
  const program = createProgram(world)
  if (argv.length === 0) {
    world.screen.say(program.helpInformation())
    return 2
  }
  try {
    await program.parseAsync(asksHelp(argv) ? [...argv.slice(1), '--help'] : [...argv], { from: 'user' })
    return 0
  } catch (error) {
    if (!(error instanceof CommanderError)) return ended(error)
    if (error.exitCode === 0) return 0
    world.screen.say(`whyslow: ${usageLine(error, program, [...argv])}\n`)
    return 2
  }
}

/** `whyslow help fix`, unless a model has that name. */
function asksHelp([first]: readonly string[]): boolean {
  return first === 'help' && !existsSync(first)
}
