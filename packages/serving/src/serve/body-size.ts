// How large a body can be that the model takes: where all sizes of its inputs are fixed, a Content-Length above it is refused before a byte
// of it is read.
import { constants } from 'node:buffer'
import { bytesPerElement, type ModelSpec, RequestError } from './protocol.ts'

/**
 * Of the text of an element, with blanks: JSON that is indented for people writes each number into a line of its own, as deep as the
 * tensor has axes; the longest number that a program writes has 26 characters.
 */
const ELEMENT_TEXT_BYTES = 128
/** Most bytes of a typed element of a message: the longest varint, and its tag. */
const ELEMENT_MESSAGE_BYTES = 12
/** Names, shapes, parameters, outputs that are requested. */
const HEADER_BYTES = 64 * 1024
/** Most bytes of all text: V8 holds no longer string. */
const MOST_TEXT_BYTES = constants.MAX_STRING_LENGTH

export interface BodySizes {
  /** Most bytes of a body that is all JSON, or of the JSON before tensors. */
  readonly json: number
  /** Most bytes of the raw tensors after the JSON. */
  readonly raw: number
  /** Most bytes of a gRPC message. */
  readonly message: number
}

/** `most`: of any body. */
export function bodySizes({ inputs }: ModelSpec, most: number): BodySizes {
  const json = Math.min(most, MOST_TEXT_BYTES)
  let [elements, raw] = [0, 0]
  for (const { dtype, shape } of inputs) {
    const width = bytesPerElement(dtype)
    if (width === undefined || shape === null || shape.includes(-1)) return { json, raw: most, message: most }
    const count = shape.reduce((product, size) => product * size, 1)
    elements += count
    raw += count * width
  }
  return {
    json: Math.min(json, elements * ELEMENT_TEXT_BYTES + HEADER_BYTES),
    raw: Math.min(most, raw),
    message: Math.min(most, Math.max(raw, elements * ELEMENT_MESSAGE_BYTES) + HEADER_BYTES),
  }
}

/** Most bytes of a whole body over HTTP. `headerBytes`: of its JSON, as the request says; null: all. */
export function mostOfBody({ json, raw }: BodySizes, most: number, headerBytes: number | null): number {
  if (headerBytes === null) return json
  return Math.min(most, Math.min(headerBytes, json) + raw)
}

export const tooLarge = (most: number): RequestError =>
  new RequestError(413, `the body is larger than the ${most} bytes that this model takes`)
