// What reading a request takes of the heap: where V8 has no more of it the whole process ends, so that what would take much of it is refused
// before it is read. Raw tensors are outside the heap.
import { getHeapStatistics } from 'node:v8'
import { RequestError } from './protocol.ts'

/** One request is read at a time; the rest of the heap is for what waits and what is collected later. */
const MOST_SHARE = 1 / 4
/** V8 has no array of more than 2^27 values, of which each counts `BYTES.value`: it ends the process over one, too. */
const MOST_BYTES = 4 * 2 ** 30
/** Most bytes of the heap that one request may take. */
export const MOST_PARSED_BYTES = Math.min(MOST_BYTES, getHeapStatistics().heap_size_limit * MOST_SHARE)

/**
 * What JSON.parse took for each in Node 20, resident bytes rounded up, over lists and objects that are empty, full, deep, and have keys that
 * nothing else has.
 */
const BYTES = { list: 72, object: 320, key: 128, value: 40, quote: 16, byte: 3 } as const
/** No JSON takes more for each of its bytes: shorter text is not looked through. */
const MOST_FOR_EACH_BYTE = 40

/** Bytes of a value in a list that is not JSON: an integer of any size, or a string in addition to its characters. */
const LIST_VALUE_BYTES = 64
/** Numbers or strings of a request that are read one by one. */
export const MOST_LISTED = Math.floor(MOST_PARSED_BYTES / LIST_VALUE_BYTES)

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COUNTED = new Map<number, number>([
  [0x5b, BYTES.list],
  [0x7b, BYTES.object],
  [0x3a, BYTES.key],
  [0x2c, BYTES.value],
])

/** Throws RequestError if it would take more than it may. `most`: bytes. */
export function checkJsonMemory(json: Uint8Array, most = MOST_PARSED_BYTES): void {
  if (json.length * MOST_FOR_EACH_BYTE <= most || jsonMemory(json) <= most) return
  throw new RequestError(
    413,
    `${json.length} bytes of JSON take more memory to read than one request may; send tensors as binary data`,
  )
}

/** About what parsing takes, bytes, and rather too much; also for invalid JSON. */
export function jsonMemory(json: Uint8Array): number {
  const counted = new Uint16Array(256)
  for (const [code, bytes] of COUNTED) counted[code] = bytes
  let bytes = json.length * BYTES.byte
  let isText = false
  for (let at = 0; at < json.length; at++) {
    const code = json[at]!
    if (code === QUOTE) {
      isText = !isText
      bytes += BYTES.quote
    } else if (!isText) bytes += counted[code]!
    else if (code === BACKSLASH) at++
  }
  return bytes
}
