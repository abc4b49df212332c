// JSON as Python's json module and the makers of models write it: with NaN and infinities, which JSON does not have.

/** Texts, or one of the words that JSON does not have. */
const WORDS = /"(?:[^"\\]|\\.)*"|-?\bInfinity\b|-?\bnan\b|-?\bNaN\b|-?\binf\b/g

/** NaN becomes null, infinities become infinite. Throws a SyntaxError, or a RangeError if it is nested or long without end. */
export function parsePythonJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (!/NaN|Infinity|\binf\b|\bnan\b/.test(text)) throw error
    return JSON.parse(
      text.replace(WORDS, (word) => {
        if (word.startsWith('"')) return word
        if (/nan/i.test(word)) return 'null'
        // Infinity in JSON's grammar.
        return word.startsWith('-') ? '-1e999' : '1e999'
      }),
    )
  }
}
