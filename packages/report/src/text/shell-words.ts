// Commands to type next, in words as a shell takes them. Every start of the command line reads this file, so it needs no package.
import { printable, quoteWord } from '@whyslow/graph/shell-word.ts'

export { printable, quoteWord }

/** What a document says to type next: as text, and as data unless it is of a version before. */
export interface SuggestedCommand {
  readonly next: string | null
  readonly run?: { readonly command: string; readonly arguments: readonly string[] } | null
}

/** Words of a command as a shell takes them; `name` is what its reader types for `whyslow`. */
export const commandWords = ({ command, arguments: rest }: NonNullable<SuggestedCommand['run']>, name = 'whyslow'): string[] => [
  name,
  ...(command === '' ? [] : [command]),
  ...rest.map(quoteWord),
]

/** A command in one line, to be pasted. */
export const commandLine = (command: string, rest: readonly string[], name?: string): string =>
  commandWords({ command, arguments: rest }, name).join(' ')

/** Words to type next; none if there is no command. Documents from before `run` have the text alone. */
export function nextWords({ next, run }: SuggestedCommand, name = 'whyslow'): string[] {
  if (run) return commandWords(run, name)
  const words = printable(next ?? '').match(/(?:'[^']*'|"[^"]*"|[^\s'"]|['"])+/g) ?? []
  return words.map((word, at) => (at === 0 && word === 'whyslow' ? name : word))
}
