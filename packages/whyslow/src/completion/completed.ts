// What a shell can complete: commands, their flags and the values of these, as plain data from which a script for each shell is written.

import { rowOf } from '@whyslow/command/terminal/flags/flag.ts'
import type { Command, Option } from 'commander'

/** What is offered for the value of a flag or for an argument. `list`: some of the words, separated by commas. `other`: nothing. */
export type Offer =
  | { readonly kind: 'words' | 'list'; readonly words: readonly string[] }
  | { readonly kind: 'files' | 'folders' | 'other' }

export interface CompletedFlag {
  /** Such as '-o' and '--out'. */
  readonly names: readonly string[]
  readonly help: string
  /** null: it takes no value. */
  readonly value: Offer | null
  /** The value may be left out. */
  readonly optional: boolean
}

export interface CompletedCommand {
  /** Words after `whyslow`: none of the main command, two of a command below another. */
  readonly path: readonly string[]
  readonly about: string
  readonly flags: readonly CompletedFlag[]
  readonly takes: Offer
}

/** Ids that rows of the table name with `completes`. */
export type Ids = Readonly<Record<'engines' | 'remedies', readonly string[]>>

/** The main command first. Commands that are not in `documented`, and flags that help hides, are left out. */
export function completedCommands(program: Command, ids: Ids, documented: readonly Command[]): readonly CompletedCommand[] {
  const isShown = (command: Command): boolean => documented.includes(command) || command.commands.some(isShown)
  const below = (command: Command, path: readonly string[]): CompletedCommand[] => {
    const shown = command.commands.filter(isShown)
    return [commandOf(command, path, ids), ...shown.flatMap((one) => below(one, [...path, one.name()]))]
  }
  return below(program, [])
}

/** The commands right below that path. */
export const commandsBelow = (path: readonly string[], commands: readonly CompletedCommand[]): readonly CompletedCommand[] =>
  commands.filter((one) => one.path.length === path.length + 1 && path.every((word, at) => one.path[at] === word))

/** As one word of bash or zsh. */
export const shellWord = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

function commandOf(command: Command, path: readonly string[], ids: Ids): CompletedCommand {
  const [argument] = command.registeredArguments
  return {
    path,
    about: command.description(),
    flags: command
      .createHelp()
      .visibleOptions(command)
      .map((option) => flagOf(option, ids)),
    takes: argument === undefined ? { kind: 'other' } : offered(argument.argChoices, argument.name()),
  }
}

function flagOf(option: Option, ids: Ids): CompletedFlag {
  const { choices, completes } = rowOf(option) ?? {}
  const placeholder = /[<[](.*)[>\]]/.exec(option.flags)?.[1]
  const value = completes === undefined ? offered(choices, placeholder ?? '') : offered(ids[completes], placeholder ?? '')
  return {
    names: [option.short, option.long].filter((name) => name != null),
    help: option.description.replace(/ \(default: .*\)$/, ''),
    value: placeholder === undefined ? null : value,
    optional: option.optional,
  }
}

const FOLDERS = /^(dir|folder)$/
const FILES = /^(file|files|path|where|model|models|report|reports|documents|target|first|second)$/

function offered(words: readonly string[] | undefined, placeholder: string): Offer {
  if (words !== undefined) return { kind: placeholder === 'ids' ? 'list' : 'words', words }
  if (FOLDERS.test(placeholder)) return { kind: 'folders' }
  return { kind: FILES.test(placeholder) ? 'files' : 'other' }
}
