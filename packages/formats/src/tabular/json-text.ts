// JSON of model files. A file that does not fit into one string of JavaScript is refused.
import { InputError } from '@whyslow/graph/input-error.ts'
import { parsePythonJson } from '@whyslow/graph/python-json.ts'

/** Longer texts do not fit into one string of V8's. */
const LONGEST_BYTES = 500 * 2 ** 20

/** The value that the text is; NaN becomes null. `again`: how to save it otherwise. Throws InputError. */
export function parseModelJson(bytes: Uint8Array, file: string, again: string): unknown {
  if (bytes.byteLength > LONGEST_BYTES) throw new InputError(`${file} has ${bytes.byteLength} bytes, too many for JSON; ${again}`)
  const text = new TextDecoder().decode(bytes).replace(/^\uFEFF/, '')
  try {
    return parsePythonJson(text)
  } catch (error) {
    if (error instanceof SyntaxError) throw new InputError(`${file} is not valid JSON: ${error.message}; ${again}`)
    if (error instanceof RangeError) throw new InputError(`${file} nests its values without end; ${again}`)
    throw error
  }
}
