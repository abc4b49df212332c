// The JSON that Keras writes. What is nested beyond reason is refused.
import { InputError } from '@whyslow/graph/input-error.ts'
import { parsePythonJson } from '@whyslow/graph/python-json.ts'
import { isRecord, type JsonRecord } from '../layers/layer-config.ts'

/** Configurations of the largest models have some 10 MB and some thirty levels. */
const LARGEST_BYTES = 256 * 2 ** 20
const DEEPEST = 500

/** The record in `text`; `where` begins messages. Throws InputError if it is none. */
export function parseRecord(text: string, where: string): JsonRecord {
  if (text.length > LARGEST_BYTES || depthOf(text) > DEEPEST)
    throw new InputError(`${where} is too large to be a model; save it again`)
  let value: unknown
  try {
    value = parsePythonJson(text)
  } catch {
    throw damaged(where)
  }
  if (!isRecord(value)) throw damaged(where)
  return value
}

const damaged = (where: string) => new InputError(`${where} is damaged (no JSON); download or save it again`)

/** Brackets that are open at once at most; those in texts count, which only makes it larger. */
function depthOf(text: string): number {
  let [depth, deepest] = [0, 0]
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 0x5b || code === 0x7b) deepest = Math.max(deepest, ++depth)
    else if (code === 0x5d || code === 0x7d) depth--
  }
  return deepest
}
