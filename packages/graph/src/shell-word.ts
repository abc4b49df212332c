// Text that is safe in a terminal, and a word as a shell takes it.

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
