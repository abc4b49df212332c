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
    return `unknown option '${flag}'; ${suggestion(nearest(flag, flagsOf(command ?? program)), help)}`
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

function flagsOf(command: Command): string[] {
  return [...command.options.flatMap((option) => (option.long == null ? [] : [option.long])), '--help']
}

function suggestion(meant: string | undefined, help: string): string {
  return meant === undefined ? `see ${help}` : `did you mean ${meant}?`
}
