// What commander says of wrong arguments, as one line with what was probably meant.

import { nearest } from '@whyslow/command/nearest.ts'
import { stateOf } from '@whyslow/command/terminal/path-state.ts'
import { commandLine } from '@whyslow/report/text/shell-words.ts'
import type { Command, CommanderError } from 'commander'
import { type Operand, operandsOf } from './operands.ts'
import { FLAG_SUGGESTIONS, type FlagMeant } from './words.ts'

/** The line for standard error, without the leading 'whyslow: '. `argv`: the arguments without node and script. */
export function usageLine(error: CommanderError, program: Command, argv: readonly string[]): string {
  const command = commandIn(program, argv)
  const help = [...namesOf(command), '--help'].join(' ')
  const message = error.message
    .replace(/^error: /, '')
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .replace(/\.$/, '')
    .trim()
  if (error.code === 'commander.unknownOption') {
    const flag = /unknown option '([^'=]*)/.exec(message)?.[1] ?? ''
    if (command.options.some(({ long }) => long === flag)) return `${flag} takes no value; see ${help}`
    return `unknown option '${flag}'; ${suggestion(flag, command, argv, program) ?? `see ${help}`}`
  }
  if (error.code === 'commander.unknownCommand') {
    const word = argv[namesOf(command).length - 1] ?? ''
    const meant = nearest(
      word,
      command.commands.map((one) => one.name()),
    )
    const name = [...namesOf(command), meant].join(' ')
    return `unknown command '${word}'; ${meant === undefined ? `see ${help}` : `did you mean ${name}?`}`
  }
  if (error.code === 'commander.missingArgument') {
    const taken = takenAsFile(command, argv)
    if (taken !== undefined) return taken
    const example = examplesOf(command).find((line) => line.startsWith(namesOf(command).join(' ')))
    return `${message}; ${example === undefined ? '' : `as in: ${example}; `}see ${help}`
  }
  if (error.code === 'commander.excessArguments') {
    const [first, ...more] = operandsOf(argv, command).slice(namesOf(command).length - 1)
    const name = namesOf(command).join(' ')
    const [argument] = command.registeredArguments
    if (first !== undefined && argument !== undefined) {
      const rest = more.map(({ word }) => word).join(' ')
      return `${rest}: ${name} takes one ${argument.name()}; ${excess(command, argv, more) ?? `see ${help}`}`
    }
    if (first !== undefined) {
      const next = stateOf(first.word) === undefined ? `see ${help}` : `try: ${commandLine('', [first.word])}`
      return `${name} takes no arguments; ${next}`
    }
  }
  if (error.code === 'commander.invalidArgument')
    return message
      .replace(
        /^command-argument value '(.*)' is invalid for argument '(\w+)'\. Allowed choices are /,
        "$2 cannot be '$1': give one of ",
      )
      .replace(/ argument '(.*)' is invalid\. /, " cannot be '$1': ")
      .replace(/: ([A-Z])/, (_, letter: string) => `: ${letter.toLowerCase()}`)
  return `${message}; see ${help}`
}

/** The command that the words name, below others if they name those. */
export function commandIn(program: Command, [word, ...rest]: readonly string[]): Command {
  const found = program.commands.find((each) => each.name() === word)
  return found === undefined ? program : commandIn(found, rest)
}

/** A second word that a flag was meant for: `check a.onnx b.onnx`, `convert a.onnx a.tflite`. */
function excess(command: Command, argv: readonly string[], [extra, ...others]: readonly Operand[]): string | undefined {
  if (extra === undefined || others.length > 0) return undefined
  const isThere = stateOf(extra.word) !== undefined
  const flag = isThere ? '--baseline' : '-o'
  const isPath = isThere || /[./\\]/.test(extra.word)
  if (!isPath || !command.options.some(({ long, short }) => long === flag || short === flag)) return undefined
  return `try: ${commandLine('', [...argv.slice(0, extra.at), flag, ...argv.slice(extra.at)])}`
}

/** A file that exists, typed behind --json or another flag whose value may be left out: it was meant for the argument that is missing. */
function takenAsFile(command: Command, argv: readonly string[]): string | undefined {
  const at = argv.findIndex(
    (word, index) =>
      command.options.some(({ optional, long }) => optional && long === argv[index - 1]) && stateOf(word) !== undefined,
  )
  const [flag, word] = argv.slice(at - 1)
  if (at < 1) return undefined
  const words = [...argv.slice(0, at - 1), word!, ...argv.slice(at + 1), flag!]
  const typed = commandLine('', words)
  return `${flag} ${word}: this flag takes the file to write; try: ${typed}`
}

/** 'whyslow', 'fleet', 'run'. */
export const namesOf = (command: Command): string[] => [
  ...(command.parent === null ? [] : namesOf(command.parent)),
  command.name(),
]

/** Command lines of the help's examples. */
function examplesOf(command: Command): string[] {
  let text = ''
  const events = command as unknown as NodeJS.EventEmitter
  events.emit('afterHelp', {
    write(more: string) {
      text += more
    },
  })
  return [...text.matchAll(/^ {2}(whyslow \S.*?)(?: {2,}.*)?$/gm)].map(([, line]) => line!)
}

/** The nearest flag; for a name that a flag had before, the flag. */
function meantFlag(typed: string, { options }: Command): string | undefined {
  const names = options.flatMap(({ long }) => long ?? [])
  const meant = nearest(typed, [...names, '--help'])
  const found = options.find(({ long }) => long === meant)
  const key = found?.attributeName()
  return options.find((one) => !one.hidden && one.attributeName() === key && one.negate === found!.negate)?.long ?? meant
}

/** The command line with the flag that was meant, or what to do without. */
function suggestion(flag: string, command: Command, argv: readonly string[], program: Command): string | undefined {
  const own = [...command.options.flatMap(({ long }) => (long == null ? [] : [long])), '--help']
  const name = flag.replace(/^-+/, '')
  const meant = FLAG_SUGGESTIONS.find(({ typed }) => typed.split(' ').includes(name))
  const above = namesOf(command).length - 1
  const homes = (flags: readonly string[]) => homeOf(flags, program)
  if (meant !== undefined && !own.includes(flag)) return inPlace(flag, meant, { own, argv, above, homes })
  const [home, near] = [homes([flag]), meantFlag(flag, command)]
  // Before a command is chosen, the flag says which was meant.
  if (home !== undefined && (near === undefined || command === program))
    return `${home.name} has it; try: ${commandLine(home.name, argv.slice(above))}`
  return near === undefined ? undefined : `did you mean ${near}?`
}

/** Commands that measure come first. */
const HOMES = ['load', 'compare', 'check', 'generate', 'embed', 'serve', 'fix', 'quantize', 'pipeline', 'explain', 'watch']

interface Home {
  readonly name: string
  readonly flag: string
}

/** The command that has one of the flags, and which it has; a name that a flag had before is hidden. */
function homeOf(flags: readonly string[], { commands }: Command): Home | undefined {
  const has = (name: string, flag: string) =>
    commands.find((one) => one.name() === name)?.options.some(({ long, hidden }) => long === flag && !hidden) === true
  return HOMES.flatMap((name) => flags.filter((flag) => has(name, flag)).map((flag) => ({ name, flag })))[0]
}

interface Typed {
  readonly argv: readonly string[]
  /** How many of its words are the command. */
  readonly above: number
  /** Flags of the command. */
  readonly own: readonly string[]
  homes(flags: readonly string[]): Home | undefined
}

function inPlace(
  flag: string,
  { flags = [], value, command, because, isFormat }: FlagMeant,
  { own, argv, above, homes }: Typed,
): string | undefined {
  const reason = because === undefined ? '' : `${because}; `
  if (command !== undefined) {
    const model = argv.find((word) => /\.\w+$/.test(word)) ?? 'model.onnx'
    return `${reason}try: whyslow ${command.replace('MODEL', model)}`
  }
  const at = argv.findIndex((word) => word === flag || word.startsWith(`${flag}=`))
  const [, given] = /^[^=]+=(.*)$/.exec(argv[at] ?? '') ?? []
  const next = argv[at + 1]
  const format = `--${given ?? next}`
  const isNamed = isFormat === true && own.includes(format)
  const known = isNamed ? format : flags.find((one) => own.includes(one))
  const home = known === undefined && flags.length > 0 && because === undefined ? homes(flags) : undefined
  const right = known ?? home?.flag
  if (right === undefined && flags.length > 0 && because === undefined) return undefined
  const isFile = next !== undefined && /[./\\]/.test(next)
  // Without a flag to put there, what followed it stays, unless it is a number.
  const follows = given ?? (next === undefined || next.startsWith('-') ? undefined : next)
  const took =
    given === undefined && follows !== undefined && (right !== undefined ? value === undefined || !isFile : /^\d/.test(follows))
      ? 2
      : 1
  const kept = given !== undefined && /\D/.test(given) ? given : undefined
  const put = right === undefined ? [kept] : [right, isNamed ? undefined : (value ?? follows)]
  const words = [...argv.slice(0, at), ...put.filter((word) => word !== undefined), ...argv.slice(at + took)]
  const typed = words.slice(home === undefined ? 0 : above)
  return `${reason}try: ${commandLine(home?.name ?? '', typed.length > 0 ? typed : ['model.onnx'])}`
}
