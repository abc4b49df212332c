// Reads back the functions of a module that bytes.ts has written.

/** A function as its module has it; types by their bytes. */
export interface DecodedFunction {
  readonly params: readonly number[]
  readonly locals: readonly number[]
  /** Instructions, without the `end` of the function. */
  readonly body: Uint8Array
  /** Absent: only other functions call it. */
  readonly exportedAs?: string
}

export class ByteReader {
  private at = 0
  private readonly bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  isAtEnd(): boolean {
    return this.at >= this.bytes.length
  }

  byte(): number {
    if (this.isAtEnd()) throw new Error('the module ends too early')
    return this.bytes[this.at++]!
  }

  unsigned(): number {
    let [value, scale] = [0, 1]
    for (;;) {
      const byte = this.byte()
      value += (byte & 127) * scale
      if (byte < 128) return value
      scale *= 128
    }
  }

  /** A signed number of at most 32 bits. */
  signed(): number {
    let [value, shift] = [0, 0]
    for (;;) {
      const byte = this.byte()
      value |= (byte & 127) << shift
      shift += 7
      if (byte < 128) return shift < 32 && (byte & 64) !== 0 ? value | (-1 << shift) : value
    }
  }

  /** So many bytes as one number, the lowest first. */
  little(count: number): bigint {
    let value = 0n
    for (let k = 0; k < count; k++) value |= BigInt(this.byte()) << BigInt(8 * k)
    return value
  }

  rest(): Uint8Array {
    return this.take(this.bytes.length - this.at)
  }

  take(count: number): Uint8Array {
    const taken = this.bytes.subarray(this.at, this.at + count)
    if (taken.length < count) throw new Error('the module ends too early')
    this.at += count
    return taken
  }
}

const [TYPE, FUNCTION, EXPORT, CODE] = [1, 3, 7, 10] as const

/** Throws an Error if the bytes are cut off. */
export function decodeModule(module: Uint8Array): readonly DecodedFunction[] {
  const reader = new ByteReader(module)
  reader.take(8)
  const sections = new Map<number, ByteReader>()
  while (!reader.isAtEnd()) {
    const id = reader.byte()
    sections.set(id, new ByteReader(reader.take(reader.unsigned())))
  }
  const listOf = <T>(id: number, read: (section: ByteReader) => T): T[] => {
    const section = sections.get(id)
    return section === undefined ? [] : listIn(section, () => read(section))
  }
  const types = listOf(TYPE, (section) => {
    section.byte()
    const params = listIn(section, () => section.byte())
    if (section.unsigned() > 0) throw new Error('a function of the module has results')
    return params
  })
  const typeIndexes = listOf(FUNCTION, (section) => section.unsigned())
  const exported = new Map<number, string>()
  listOf(EXPORT, (section) => {
    const name = new TextDecoder().decode(section.take(section.unsigned()))
    const kind = section.byte()
    const index = section.unsigned()
    if (kind === 0) exported.set(index, name)
  })
  const bodies = listOf(CODE, (section) => {
    const code = new ByteReader(section.take(section.unsigned()))
    const locals = listIn(code, () => new Array<number>(code.unsigned()).fill(code.byte())).flat()
    return { locals, body: code.rest().subarray(0, -1) }
  })
  return bodies.map((body, index): DecodedFunction => {
    const name = exported.get(index)
    return { params: types[typeIndexes[index]!]!, ...body, ...(name === undefined ? {} : { exportedAs: name }) }
  })
}

const listIn = <T>(reader: ByteReader, read: () => T): T[] => Array.from({ length: reader.unsigned() }, read)
