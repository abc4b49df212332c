// The test helper of readers of traces: a recording of bytes in memory, recognised as a file's are.
import { readSource } from '../../../src/recordings/index.ts'
import type {
  FunctionRecording,
  Recording,
  TableRecording,
  TimelineRecording,
  TokenRecording,
} from '../../../src/recordings/recording.ts'
import { KINDS } from '../../../src/recordings/recording.ts'
import type { TraceSource } from '../../../src/recordings/source.ts'

/** Bytes as a file of that name; in pieces of `piece` bytes. */
export function sourceOf(content: string | Buffer, { file = 'a-trace', piece = 1 << 20 } = {}): TraceSource {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  return {
    ...{ file, packedBytes: bytes.length, head: bytes.subarray(0, 1 << 18), whole: bytes.length <= 1 << 18, gzipped: false },
    async *pieces() {
      for (let at = 0; at < bytes.length; at += piece) yield Buffer.from(bytes.subarray(at, at + piece))
    },
  }
}

const json = (value: unknown): string => JSON.stringify(value)

/** What whyslow reads of a value as JSON, or of text or bytes. */
export async function readContent(content: unknown, piece?: number): Promise<Recording> {
  const bytes = typeof content === 'string' || Buffer.isBuffer(content) ? content : json(content)
  return readSource(sourceOf(bytes, piece === undefined ? {} : { piece }))
}

export async function readTimeline(content: unknown, piece?: number): Promise<TimelineRecording> {
  const recording = await readContent(content, piece)
  if (recording.kind !== 'timeline') throw new Error(`a recording of ${recording.kind}`)
  return recording
}

export async function readFunctions(content: unknown): Promise<FunctionRecording> {
  const recording = await readContent(content)
  if (recording.kind !== 'functions') throw new Error(`a recording of ${recording.kind}`)
  return recording
}

export async function readTable(content: unknown): Promise<TableRecording> {
  const recording = await readContent(content)
  if (recording.kind !== 'table') throw new Error(`a recording of ${recording.kind}`)
  return recording
}

export async function readRequests(content: unknown): Promise<TokenRecording> {
  const recording = await readContent(content)
  if (recording.kind !== 'tokens') throw new Error(`a recording of ${recording.kind}`)
  return recording
}

/** Events as rows that can be compared: kind, name, start and duration in µs. */
export function eventRows({ timeline }: TimelineRecording): [string, string, number, number][] {
  return Array.from({ length: timeline.length }, (_, i) => [
    KINDS[timeline.kind[i]!]!,
    timeline.names[timeline.name[i]!]!,
    Math.round(timeline.startUs[i]! * 1000) / 1000,
    Math.round(timeline.durationUs[i]! * 1000) / 1000,
  ])
}
