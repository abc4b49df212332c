// The words of a command line that are no flags and no values of flags, before it is known which command they are for.
import type { Command } from 'commander'

export interface Operand {
  readonly word: string
  /** Place in the arguments. */
  readonly at: number
  /** Behind a flag that no command has: its value, perhaps. */
  readonly isDoubtful: boolean
}

/** Flags of the command and of those below it, with whether each takes a value. */
function flagsOf(command: Command): ReadonlyMap<string, boolean> {
  const own = command.options.flatMap(({ short, long, required, optional }) =>
    [short, long].flatMap((flag) => (flag == null ? [] : [[flag, required || optional] as const])),
  )
  return new Map([...command.commands.flatMap((one) => [...flagsOf(one)]), ...own, ['--help', false], ['-h', false]])
}

/** After `--` every word is one. */
export function operandsOf(argv: readonly string[], program: Command): Operand[] {
  const flags = flagsOf(program)
  const end = argv.indexOf('--')
  const found: Operand[] = []
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at]!
    const before = argv[at - 1] ?? ''
    const isDoubtful = before.startsWith('-') && !before.includes('=') && !flags.has(before)
    if (end >= 0 && at > end) found.push({ word, at, isDoubtful: false })
    else if (flags.get(word) === true && isValue(argv[at + 1])) at++
    else if (word === '-' || !word.startsWith('-')) found.push({ word, at, isDoubtful })
  }
  return found
}

/** '-' means standard output. */
const isValue = (word = ''): boolean => word === '-' || !word.startsWith('-')
