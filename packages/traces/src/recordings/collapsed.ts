// Collapsed stacks (Brendan Gregg's FlameGraph): a line for each stack, its frames from the outermost, separated by semicolons, and how
// often it was seen. py-spy's `--format raw`, perf with stackcollapse, async-profiler write it.
import { StringDecoder } from 'node:string_decoder'
import { InputError } from '@whyslow/graph/input-error.ts'
import { type Frame, StackTally } from './frames.ts'
import type { Head, TraceReader } from './reader.ts'
import type { Recording } from './recording.ts'
import type { TraceSource } from './source.ts'

/** Threads without a frame have an empty stack. */
const LINE = /^(?:(.*\S)\s+)?(\d+(?:\.\d+)?)$/
const MOST_LINE = 1 << 20

function recognises({ kind, text }: Head): string | undefined {
  if (kind === 'object') return undefined
  const lines = text.slice(0, 65_536).split('\n').slice(0, -1)
  const whole = lines.length > 0 ? lines : [text]
  const full = whole.filter((line) => line.trim() !== '' && !line.startsWith('#'))
  const isStacks = full.length > 0 && full.every((line) => LINE.test(line.trim())) && full.some((line) => line.includes(';'))
  return isStacks ? 'lines of frames and a count' : undefined
}

async function read(source: TraceSource, recognisedBy: string): Promise<Recording> {
  const tally = new StackTally()
  const warnings: string[] = []
  let [left, wrong, samples] = ['', 0, 0]
  // A letter can lie across two pieces.
  const decoder = new StringDecoder('utf8')
  const take = (line: string): void => {
    const parts = LINE.exec(line.trim())
    if (parts === null) {
      if (line.trim() !== '' && !line.startsWith('#')) wrong++
      return
    }
    samples += Number(parts[2])
    tally.add((parts[1] ?? '(no frame)').split(';').map(frameOf).filter(isFrame), Number(parts[2]))
  }
  for await (const piece of source.pieces((reason) => warnings.push(`${reason}: read as far as it goes`))) {
    const lines = (left + decoder.write(piece)).split('\n')
    left = lines.pop()!
    if (left.length > MOST_LINE)
      throw new InputError(`${source.file}: a line of more than ${MOST_LINE} letters; these are not stacks`)
    for (const line of lines) take(line)
  }
  take(left + decoder.end())
  if (tally.whole === 0) throw new InputError(`${source.file}: no stack was seen; record it again`)
  if (wrong > 0) warnings.push(`${wrong} lines are not stacks and are left out`)
  return {
    ...{
      kind: 'functions',
      format: 'collapsed',
      version: null,
      recognisedBy,
      recordedWith: ['stacks'],
      devices: [],
      slowed: false,
      warnings,
    },
    functions: tally.times({ how: 'samples', totalMs: null, samples }),
  }
}

/** py-spy: 'predict (serve.py:12)'; perf: 'predict' or 'predict (/usr/lib/libx.so)'. */
function frameOf(text: string): Frame {
  const parts = /^(.*?)\s+\((.+?)(?::(\d+))?\)$/.exec(text.trim())
  if (parts === null) return { name: text.trim(), file: null, line: null }
  return { name: parts[1]!, file: parts[2]!, line: parts[3] === undefined ? null : Number(parts[3]) }
}

/** py-spy puts the process and the thread before the frames. */
const isFrame = ({ name }: Frame): boolean => !/^(process \d+|thread \(?(0x)?[\da-f]+\)?)/i.test(name)

export const collapsed: TraceReader = { id: 'collapsed', title: 'Collapsed stacks', recognises, read }
