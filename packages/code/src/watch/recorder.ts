// Writes the records of one thread of the user's program to a file of its own: buffered, so that a record costs a microsecond, and written
// several times a second, so that little is lost if the process is killed.
import fs from 'node:fs'
import { join } from 'node:path'
import { threadId } from 'node:worker_threads'
import type { WatchLine } from './records.ts'

const FLUSH_MS = 100
const MOST_BYTES = 256 * 2 ** 20
/** Before the user's code can replace them. */
const { appendFileSync } = fs
const setTimer = setTimeout

export class Recorder {
  private text = ''
  private bytes = 0
  private isDue = false
  private readonly file: string
  private readonly outside: (run: () => void) => void

  /** `outside`: runs what the recorder does in no request's context. */
  constructor(folder: string, outside: (run: () => void) => void) {
    this.file = join(folder, `${process.pid}-${threadId}.jsonl`)
    this.outside = outside
    process.on('exit', () => this.flush())
  }

  /** `isOwn`: the line is about the recorder, which does not write on its own account. */
  write(line: WatchLine, isOwn = false): void {
    if (this.bytes > MOST_BYTES) return
    this.text += `${JSON.stringify(line)}\n`
    if (this.isDue || isOwn) return
    this.isDue = true
    this.outside(() => setTimer(() => this.flush(), FLUSH_MS).unref())
  }

  private flush(): void {
    this.isDue = false
    if (this.text === '') return
    this.bytes += this.text.length
    if (this.bytes > MOST_BYTES) this.text += '["full"]\n'
    try {
      appendFileSync(this.file, this.text)
    } catch {
      // The run has ended and removed its folder: nobody reads this any more.
    }
    this.text = ''
  }
}
