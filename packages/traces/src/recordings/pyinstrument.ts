// pyinstrument's JSON (pyinstrument -r json): one tree of frames with the time of each and all it called, in seconds.
import { fieldsOf, type JsonObject, textOrNull } from '@whyslow/graph/json.ts'
import { type Frame, StackTally } from './frames.ts'
import type { Head, TraceReader } from './reader.ts'
import type { Recording } from './recording.ts'
import { damageError, listOf, numberOf, readObject } from './small-json.ts'
import type { TraceSource } from './source.ts'

const MOST_DEPTH = 3000

function recognises({ kind, keys, text }: Head): string | undefined {
  if (kind !== 'object') return undefined
  return keys.includes('root_frame') || (keys.includes('sample_count') && /"root_frame"/.test(text))
    ? 'its member root_frame'
    : undefined
}

async function read(source: TraceSource, recognisedBy: string): Promise<Recording> {
  const file = await readObject(source)
  const tally = new StackTally()
  add(source.file, tally, fieldsOf(file.root_frame), [])
  if (tally.whole === 0) throw damageError(source.file, 'no frame took time')
  const samples = numberOf(file.sample_count)
  return {
    ...{
      kind: 'functions',
      format: 'pyinstrument',
      version: null,
      recognisedBy,
      recordedWith: ['stacks'],
      devices: [],
      slowed: false,
    },
    warnings: ['frames of libraries may have been merged or left out when the file was written'],
    functions: tally.times({ how: 'samples', totalMs: tally.whole * 1000, samples: samples > 0 ? samples : null }),
  }
}

/** A frame's own time is what its children do not take. */
function add(file: string, tally: StackTally, value: JsonObject, above: readonly Frame[]): void {
  if (above.length > MOST_DEPTH) throw damageError(file, 'frames nested too deeply')
  const name = textOrNull(value.function) ?? '(no name)'
  // Its own rows: '[self]' is the frame above it.
  const isOwn = /^\[(self|root)\]$/.test(name)
  const line = typeof value.line_no === 'number' && value.line_no > 0 ? value.line_no : null
  const stack = isOwn ? above : [...above, { name, file: textOrNull(value.file_path) ?? textOrNull(value.file_path_short), line }]
  const children = listOf(value.children).map(fieldsOf)
  const below = children.reduce((sum, { time }) => sum + numberOf(time), 0)
  const own = Math.max(0, numberOf(value.time) - below)
  if (stack.length > 0) tally.add(stack, own)
  for (const child of children) add(file, tally, child, stack)
}

export const pyinstrument: TraceReader = { id: 'pyinstrument', title: 'pyinstrument', recognises, read }
