// A reader of traces: it recognises its format by the first bytes of a file, unpacked, never by the file's name, and reads it.
import { decodeText } from './intern-table.ts'
import { skipBlanks, skipString, skipValue } from './json-bytes.ts'
import type { Recording, TraceFormat } from './recording.ts'
import type { TraceSource } from './source.ts'

/** What the beginning of a file is. */
export interface Head {
  readonly bytes: Buffer
  /** The bytes as text; of another encoding than UTF-8, damaged. */
  readonly text: string
  /** Kind of the JSON; all else is `other`. */
  readonly kind: 'object' | 'array' | 'other'
  /** Members of a JSON object so far. */
  readonly keys: readonly string[]
  /** The file is no larger. */
  readonly whole: boolean
}

export interface TraceReader {
  readonly id: TraceFormat
  readonly title: string
  /** What it is recognised by, in words; undefined: it is another format. */
  recognises(head: Head): string | undefined
  /** InputError if the file is damaged or of a version that is not read. */
  read(source: TraceSource, recognisedBy: string): Promise<Recording>
}

/** What the first bytes tell. */
export function headOf(bytes: Buffer, whole: boolean): Head {
  const isMarked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
  const at = skipBlanks(bytes, isMarked ? 3 : 0)
  const kind = bytes[at] === 0x7b ? 'object' : bytes[at] === 0x5b ? 'array' : 'other'
  return { bytes, text: bytes.toString('utf8'), kind, keys: kind === 'object' ? keysOf(bytes, at) : [], whole }
}

/** Members of the object at `at`, the last of which may be cut. */
function keysOf(bytes: Buffer, at: number): string[] {
  const keys: string[] = []
  for (let i = skipBlanks(bytes, at + 1); bytes[i] === 0x22; ) {
    const end = skipString(bytes, i)
    if (end < 0) break
    keys.push(decodeText(bytes.subarray(i + 1, end - 1)))
    const value = skipBlanks(bytes, skipBlanks(bytes, end) + 1)
    const after = skipValue(bytes, value)
    if (after < 0) break
    const comma = skipBlanks(bytes, after)
    if (bytes[comma] !== 0x2c) break
    i = skipBlanks(bytes, comma + 1)
  }
  return keys
}
