// Readers of traces, in the order in which they are asked: a format that says what it is before one that only looks like something.
import { InputError } from '@whyslow/graph/input-error.ts'
import { aiperf } from './aiperf.ts'
import { chrome } from './chrome.ts'
import { collapsed } from './collapsed.ts'
import { cprofile } from './cprofile.ts'
import { cpuprofile } from './cpuprofile.ts'
import { llamaBench } from './llama-bench.ts'
import { llamaCpp } from './llama-cpp.ts'
import { ncu } from './ncu.ts'
import { nsys } from './nsys.ts'
import { ollama } from './ollama.ts'
import { onnxruntime } from './onnxruntime.ts'
import { openvino } from './openvino.ts'
import { openvinoGenai } from './openvino-genai.ts'
import { pprof } from './pprof.ts'
import { pyinstrument } from './pyinstrument.ts'
import { pytorch } from './pytorch.ts'
import { type Head, headOf, type TraceReader } from './reader.ts'
import type { Recording } from './recording.ts'
import { refusalOf } from './refusals.ts'
import { rocprof } from './rocprof.ts'
import { scalene } from './scalene.ts'
import { openSource, type TraceSource } from './source.ts'
import { speedscope } from './speedscope.ts'
import { tensorflow } from './tensorflow.ts'
import { tflite } from './tflite.ts'
import { vllmBench } from './vllm-bench.ts'
import { xplane } from './xplane.ts'

export const traceReaders: readonly TraceReader[] = [
  pytorch,
  onnxruntime,
  tensorflow,
  speedscope,
  cpuprofile,
  pyinstrument,
  scalene,
  chrome,
  cprofile,
  xplane,
  pprof,
  nsys,
  openvino,
  tflite,
  ncu,
  rocprof,
  vllmBench,
  aiperf,
  openvinoGenai,
  llamaBench,
  llamaCpp,
  ollama,
  collapsed,
]

export interface RecognizedTrace {
  readonly reader: TraceReader
  /** What it was recognised by, in words. */
  readonly by: string
}

/** The reader of a file's format; undefined: none knows it. */
export function recognizeTrace(head: Head): RecognizedTrace | undefined {
  for (const reader of traceReaders) {
    const by = reader.recognises(head)
    if (by !== undefined) return { reader, by }
  }
  return undefined
}

/** Whether the file is what --save-evidence or --json of this tool wrote. */
export async function isWhyslowDocument(file: string): Promise<boolean> {
  const source = await openSource(file)
  return /^\s*\{\s*"schema"\s*:\s*"whyslow-/.test(source.head.toString('utf8', 0, 400))
}

/** The recording in a file, recognised by its content. InputError, one line, where the file is none, is damaged, or is not read. */
export async function readTrace(file: string): Promise<Recording> {
  return readSource(await openSource(file))
}

/** The same of bytes from anywhere. */
export async function readSource(source: TraceSource): Promise<Recording> {
  const { file } = source
  const head = headOf(source.head, source.whole)
  const recognised = recognizeTrace(head)
  if (recognised === undefined) {
    const known = refusalOf(head)
    if (known !== undefined) throw new InputError(`${file}: ${known}`)
    throw new InputError(
      `${file}: no trace that is known: ${firstOf(head)}. Read are ${traceReaders.map(({ title }) => title).join(', ')}`,
    )
  }
  return recognised.reader.read(source, recognised.by)
}

function firstOf({ bytes, text }: Head): string {
  const isText = !text.includes('\ufffd') && !bytes.subarray(0, 200).some((byte) => byte < 9 || (byte > 13 && byte < 32))
  if (!isText) return `it begins with the bytes ${bytes.subarray(0, 6).toString('hex')}`
  const start = text.trim().slice(0, 40).replace(/\s+/g, ' ')
  return start === '' ? 'it holds nothing but blanks' : `it begins with ${JSON.stringify(start)}`
}
