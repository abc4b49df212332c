// The pieces of a SentencePiece model: a protobuf message of pieces, in the order of their ids, and what it was trained with.
// https://github.com/google/sentencepiece/blob/master/src/sentencepiece_model.proto

export interface Pieces {
  readonly pieces: readonly string[]
  /** The pieces that begin and end a text; null: it has none. */
  readonly begin: string | null
  readonly end: string | null
}

/** Fields by their numbers. */
const MODEL = { piece: 1, trainer: 2 }
const PIECE = { text: 1 }
const TRAINER = { beginId: 41, endId: 42 }
/** As the schema has them: 1 and 2. -1: there is none. */
const USUAL = { begin: 1, end: 2 }

/** Throws a RangeError if it is no such message. */
export function readPieces(message: Uint8Array): Pieces {
  const pieces: string[] = []
  let { begin, end } = USUAL
  for (const { field, value } of fieldsOf(message)) {
    if (typeof value === 'number') continue
    if (field === MODEL.piece) {
      const text = [...fieldsOf(value)].find((one) => one.field === PIECE.text)?.value
      pieces.push(typeof text === 'object' ? new TextDecoder().decode(text) : '')
    }
    if (field !== MODEL.trainer) continue
    for (const one of fieldsOf(value)) {
      if (one.field === TRAINER.beginId) begin = Number(one.value)
      if (one.field === TRAINER.endId) end = Number(one.value)
    }
  }
  return { pieces, begin: pieces[begin] ?? null, end: pieces[end] ?? null }
}

interface FieldValue {
  readonly field: number
  /** A number, as one of 32 bits with a sign, or bytes. */
  readonly value: number | Uint8Array
}

/** https://protobuf.dev/programming-guides/encoding/ */
function* fieldsOf(message: Uint8Array): Generator<FieldValue> {
  let at = 0
  const varint = (): number => {
    let [value, shift] = [0, 0]
    for (;;) {
      const byte = message[at++]
      if (byte === undefined || shift > 63) throw new RangeError('it is not a message of protobuf')
      // A negative number has ten bytes; the lower 32 bits say which.
      if (shift < 32) value |= (byte & 0x7f) << shift
      shift += 7
      if (byte < 0x80) return value
    }
  }
  const taken = (length: number): Uint8Array => {
    if (length < 0 || at + length > message.length) throw new RangeError('it is not a message of protobuf')
    at += length
    return message.subarray(at - length, at)
  }
  while (at < message.length) {
    const key = varint()
    const [field, type] = [key >>> 3, key & 7]
    if (type === 0) yield { field, value: varint() }
    else if (type === 1) taken(8)
    else if (type === 2) yield { field, value: taken(varint()) }
    else if (type === 5) taken(4)
    else throw new RangeError('it is not a message of protobuf')
  }
}
