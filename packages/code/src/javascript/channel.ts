// The child's side of the protocol in Node: messages go to descriptor 3, in one piece and at once, so that they are there whatever the
// user's code does next; where it is stands in the state file.
import fs from 'node:fs'
import { type Message, PHASES, type Phase } from '../protocol.ts'

const MESSAGES = 3
/** Before the user's code can put another in its place. */
const { writeSync } = fs

export const send = (message: Message): void => writeMessage(message)

/** Writes one line of JSON. A pipe that is full is tried again. */
export function writeMessage(message: unknown): void {
  const bytes = Buffer.from(`${JSON.stringify(message)}\n`)
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(MESSAGES, bytes, at)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
    }
  }
}

/** Where the process is: kept here, and written to the file. */
export class Whereabouts {
  private readonly bytes = Buffer.alloc(16)
  private readonly file: number

  constructor(file: string) {
    this.file = fs.openSync(file, 'r+')
    this.enter('start')
  }

  enter(phase: Phase): void {
    this.bytes.writeInt32LE(PHASES.indexOf(phase), 0)
    this.at(-1, -1)
  }

  /** -1: in no stage. */
  at(stage: number, sample: number): void {
    this.bytes.writeInt32LE(stage, 4)
    this.bytes.writeInt32LE(sample, 8)
    writeSync(this.file, this.bytes, 0, 16, 0)
  }

  /** The same without the file, where writing would cost more than it tells. */
  note(stage: number, sample: number): void {
    this.bytes.writeInt32LE(stage, 4)
    this.bytes.writeInt32LE(sample, 8)
  }

  get phase(): Phase {
    return PHASES[this.bytes.readInt32LE(0)]!
  }

  get stage(): number | null {
    const stage = this.bytes.readInt32LE(4)
    return stage < 0 ? null : stage
  }

  get sample(): number | null {
    const sample = this.bytes.readInt32LE(8)
    return sample < 0 ? null : sample
  }
}
