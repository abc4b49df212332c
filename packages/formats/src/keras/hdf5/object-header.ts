// An object's header: the list of messages that say what it is. https://docs.hdfgroup.org/hdf5/develop/_f_m_t3.html (IV.A.1)
import type { Hdf5Bytes } from './hdf5-bytes.ts'

/** Numbers of the messages that are read here (IV.A.2). */
export const MESSAGE = {
  dataspace: 0x01,
  linkInfo: 0x02,
  datatype: 0x03,
  link: 0x06,
  externalFiles: 0x07,
  layout: 0x08,
  filters: 0x0b,
  attribute: 0x0c,
  continuation: 0x10,
  symbolTable: 0x11,
  attributeInfo: 0x15,
} as const

export interface Message {
  readonly type: number
  /** Where its content begins, and how long it is. */
  readonly at: number
  readonly sizeBytes: number
}

interface Block {
  readonly at: number
  readonly sizeBytes: number
}

/** Bit of a message's flags: its content is elsewhere in the file. */
const SHARED = 2
/** h5py's largest headers have some thousand messages (one for each attribute). */
const MOST_MESSAGES = 100_000

/** All messages of the object at `at`, continuations included. */
export function readMessages(file: Hdf5Bytes, at: number): Message[] {
  const { blocks, readBlock } = file.u8(at) === 1 ? versionOne(file, at) : versionTwo(file, at)
  const messages: Message[] = []
  const seen = new Set<number>()
  for (const block of blocks) {
    if (seen.has(block.at)) throw file.damaged(block.at, 'a header that continues in itself')
    seen.add(block.at)
    for (const message of readBlock(block)) {
      if (message.type === MESSAGE.continuation) blocks.push({ at: file.u64(message.at), sizeBytes: file.u64(message.at + 8) })
      else messages.push(message)
      if (messages.length > MOST_MESSAGES) throw file.damaged(at, 'more messages than a header holds')
    }
  }
  return messages
}

interface Header {
  /** Grows while it is read. */
  readonly blocks: Block[]
  readonly readBlock: (block: Block) => Message[]
}

function versionOne(file: Hdf5Bytes, start: number): Header {
  const readBlock = ({ at, sizeBytes }: Block): Message[] => {
    const messages: Message[] = []
    for (let next = at; next + 8 <= at + sizeBytes; ) {
      const message = { type: file.u16(next), at: next + 8, sizeBytes: file.u16(next + 2) }
      messages.push(own(file, message, file.u8(next + 4)))
      next += 8 + message.sizeBytes
    }
    return messages
  }
  return { blocks: [{ at: start + 16, sizeBytes: file.u32(start + 8) }], readBlock }
}

function versionTwo(file: Hdf5Bytes, start: number): Header {
  file.signature(start, 'OHDR')
  const flags = file.u8(start + 5)
  const ordered = (flags & 4) !== 0
  const sizeAt = start + 6 + ((flags & 0x20) !== 0 ? 16 : 0) + ((flags & 0x10) !== 0 ? 4 : 0)
  const width = 1 << (flags & 3)
  const first = sizeAt + width
  const headBytes = ordered ? 6 : 4
  const readBlock = (block: Block): Message[] => {
    let { at: next, sizeBytes: left } = block
    if (block.at !== first) {
      file.signature(next, 'OCHK')
      next += 4
      left -= 8
    }
    const end = next + left
    const messages: Message[] = []
    while (next + headBytes <= end) {
      const message = { type: file.u8(next), at: next + headBytes, sizeBytes: file.u16(next + 1) }
      messages.push(own(file, message, file.u8(next + 3)))
      next += headBytes + message.sizeBytes
    }
    return messages
  }
  return { blocks: [{ at: first, sizeBytes: file.unsigned(sizeAt, width) }], readBlock }
}

/** The message, where its content is in the header and in the file. */
function own(file: Hdf5Bytes, message: Message, flags: number): Message {
  file.slice(message.at, message.sizeBytes)
  file.spend(0, 'a header', 1)
  if ((flags & SHARED) !== 0 && message.type !== 0)
    throw file.refused('shares types between its arrays (committed datatypes)', 'save the model again with Keras')
  return message
}
