// JSON as model files have it: a file of more than one text of JavaScript's is refused, and NaN and Infinity, which no JSON has, are read.
import { InputError } from '@whyslow/graph/input-error.ts'

/** Longer texts do not fit into one string of V8's. */
const LONGEST_BYTES = 500 * 2 ** 20

/** Texts, or one of the words that are no JSON. */
const WORDS = /"(?:[^"\\]|\\.)*"|-?Infinity|-?\bnan\b|-?\bNaN\b|-?\binf\b/g

/** The value that the text is; NaN becomes null. `again`: how to save it otherwise. Throws InputError. */
export function parseJson(bytes: Uint8Array, file: string, again: string): unknown {
  if (bytes.byteLength > LONGEST_BYTES) throw new InputError(`${file} has ${bytes.byteLength} bytes, too many for JSON; ${again}`)
  const text = new TextDecoder().decode(bytes).replace(/^\uFEFF/, '')
  try {
    return parsed(text)
  } catch (error) {
    if (error instanceof SyntaxError) throw new InputError(`${file} is not valid JSON: ${error.message}; ${again}`)
    if (error instanceof RangeError) throw new InputError(`${file} nests its values without end; ${again}`)
    throw error
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (!/NaN|Infinity|\binf\b|\bnan\b/.test(text)) throw error
    return JSON.parse(
      text.replace(WORDS, (word) => {
        if (word.startsWith('"')) return word
        if (/nan/i.test(word)) return 'null'
        return word.startsWith('-') ? '-1e999' : '1e999'
      }),
    )
  }
}
