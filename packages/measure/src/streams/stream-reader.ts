// Messages out of the bytes of a streamed answer: server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html), or a JSON object on each
// line, as ollama writes them.
import { jsonValue } from '@whyslow/graph/json.ts'
import { pieceOf, type StreamPiece } from './piece.ts'

/** A line, or an event of several, that is longer is not one of a stream of tokens. */
const LONGEST_LINE = 16 * 1024 * 1024

export class StreamReader {
  /** 'events': server-sent events; 'lines': a JSON object on each line; null: nothing came yet. */
  framing: 'events' | 'lines' | null = null
  /** Messages that are not JSON or of no known dialect. */
  unknown = 0
  /** `data: [DONE]` came, the last message of OpenAI's streams. */
  isDone = false
  private readonly decoder = new TextDecoder()
  private rest = ''
  private data: string[] = []
  private dataLength = 0

  /** Characters that wait for the rest of their message. */
  get keptLength(): number {
    return this.rest.length + this.dataLength
  }

  /** Takes bytes as they come, and gives the messages that are whole. */
  add(bytes: Uint8Array): StreamPiece[] {
    return this.read(this.decoder.decode(bytes, { stream: true }))
  }

  /** No more bytes come. */
  end(): StreamPiece[] {
    return [...this.read(`${this.decoder.decode()}\n`), ...this.event()]
  }

  private read(more: string): StreamPiece[] {
    const whole = this.rest + more
    const lines = whole.split('\n')
    this.rest = lines.pop()!
    if (this.rest.length > LONGEST_LINE) this.rest = ''
    return lines.flatMap((line) => this.line(line.endsWith('\r') ? line.slice(0, -1) : line))
  }

  private line(line: string): StreamPiece[] {
    if (line === '') return this.event()
    this.framing ??= /^\s*[{[]/.test(line) ? 'lines' : 'events'
    if (this.framing === 'lines') return this.message(line)
    if (line.startsWith('data:')) this.keep(line.slice(line[5] === ' ' ? 6 : 5))
    return []
  }

  private keep(data: string): void {
    this.dataLength += data.length
    if (this.dataLength <= LONGEST_LINE) {
      this.data.push(data)
      return
    }
    this.unknown++
    this.forget()
  }

  private forget(): void {
    this.data = []
    this.dataLength = 0
  }

  /** The event that an empty line ends. */
  private event(): StreamPiece[] {
    if (this.data.length === 0) return []
    const data = this.data.join('\n')
    this.forget()
    if (data.trim() !== '[DONE]') return this.message(data)
    this.isDone = true
    return []
  }

  private message(json: string): StreamPiece[] {
    const piece = pieceOf(jsonValue(json))
    if (piece === null) this.unknown++
    return piece === null ? [] : [piece]
  }
}

/** All messages of a whole answer, streamed or not. */
export function readAnswer(body: Uint8Array): readonly StreamPiece[] {
  const whole = pieceOf(jsonValue(new TextDecoder().decode(body)))
  if (whole !== null) return [whole]
  const reader = new StreamReader()
  return [...reader.add(body), ...reader.end()]
}
