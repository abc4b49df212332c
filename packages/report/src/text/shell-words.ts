// Text that is safe in a terminal, and words as a shell takes them. Every start of the command line reads this file, so it needs no package.

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that are kept from the terminal
const unprintable = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029\ufeff]/g

/** The text with every character that could steer a terminal replaced: line ends and tabs by a space, the others by '?'. */
export function printable(text: string): string {
  return text.replace(/[\r\n\t]+/g, ' ').replace(unprintable, '?')
}

/** A word as a shell takes it: in single quotes where it holds more than letters, digits and harmless signs. */
export function quoteWord(word: string): string {
  const text = printable(word)
  return /^[\w./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'"'"'`)}'`
}

/** What a document says to type next: as text, and as data unless it is of a version before. */
export interface Next {
  readonly next: string | null
  readonly run?: { readonly command: string; readonly arguments: readonly string[] } | null
}

/** Words of a command as a shell takes them; `name` is what its reader types for `whyslow`. */
export const commandWords = ({ command, arguments: rest }: NonNullable<Next['run']>, name = 'whyslow'): string[] => [
  name,
  ...(command === '' ? [] : [command]),
  ...rest.map(quoteWord),
]

/** Words to type next; none if there is no command. Documents from before `run` have the text alone. */
export function nextWords({ next, run }: Next, name = 'whyslow'): string[] {
  if (run) return commandWords(run, name)
  const words = printable(next ?? '').match(/(?:'[^']*'|"[^"]*"|[^\s'"]|['"])+/g) ?? []
  return words.map((word, at) => (at === 0 && word === 'whyslow' ? name : word))
}
