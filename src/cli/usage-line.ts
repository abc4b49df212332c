// What commander says of wrong arguments, as one line with what was probably meant.
import type { Command, CommanderError } from 'commander'
import { nearest } from '../command/nearest.ts'

/** The line for standard error, without the leading 'whyslow: '. `argv`: the arguments without node and script. */
export function usageLine(error: CommanderError, program: Command, argv: readonly string[]): string {
  const command = program.commands.find((each) => each.name() === argv[0])
  const help = command === undefined ? 'whyslow --help' : `whyslow ${command.name()} --help`
  const message = error.message
    .replace(/^error: /, '')
    .replace(/\s+/g, ' ')
    .replace(/\.$/, '')
    .trim()
  if (error.code === 'commander.unknownOption') {
    const flag = /unknown option '([^'=]*)/.exec(message)?.[1] ?? ''
    return `unknown option '${flag}'; ${suggestion(meantFlag(flag, command ?? program), help)}`
  }
  if (error.code === 'commander.excessArguments' && command === undefined) {
    const meant = nearest(
      argv[0] ?? '',
      program.commands.map((each) => each.name()),
    )
    if (meant !== undefined) return `unknown command '${argv[0]}'; did you mean ${meant}?`
    return `one model at a time; see ${help}`
  }
  if (error.code === 'commander.invalidArgument')
    return message
      .replace(/ argument '(.*)' is invalid\. /, " cannot be '$1': ")
      .replace(/: ([A-Z])/, (_, letter: string) => `: ${letter.toLowerCase()}`)
  return `${message}; see ${help}`
}

/** The nearest flag; for a name that a flag had before, the flag. */
function meantFlag(typed: string, { options }: Command): string | undefined {
  const names = options.flatMap(({ long }) => long ?? [])
  const meant = nearest(typed, [...names, '--help'])
  const found = options.find(({ long }) => long === meant)
  const key = found?.attributeName()
  return options.find((one) => !one.hidden && one.attributeName() === key && one.negate === found!.negate)?.long ?? meant
}

function suggestion(meant: string | undefined, help: string): string {
  return meant === undefined ? `see ${help}` : `did you mean ${meant}?`
}
