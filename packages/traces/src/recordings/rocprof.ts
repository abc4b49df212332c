// AMD's rocprofv3 tables: kernel_trace.csv, memory_copy_trace.csv, hip_api_trace.csv, with times in ns
// (rocm.docs.amd.com, Using rocprofv3). What csv holds is one kind of event; several files are several readings.
import { csvRows } from '@whyslow/graph/csv.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { kindOfCall, kindOfDeviceRow } from './event-kinds.ts'
import { PlainTimeline } from './plain-events.ts'
import type { Head, TraceReader } from './reader.ts'
import type { Kind, Recording } from './recording.ts'
import { type TraceSource, wholeOf } from './source.ts'
import { numberIn } from './table-number.ts'

function recognises({ kind, text }: Head): string | undefined {
  const [first = ''] = text.slice(0, 4000).split('\n')
  const isTable = kind === 'other' && /"?Start_Timestamp"?\s*,\s*"?End_Timestamp"?/.test(first)
  return isTable ? 'its columns Start_Timestamp and End_Timestamp' : undefined
}

async function read(source: TraceSource, recognisedBy: string): Promise<Recording> {
  const [head = [], ...rows] = csvRows((await wholeOf(source, 256 * 2 ** 20)).toString('utf8'), ',')
  const at = (name: string): number => head.findIndex((field) => field.trim().toLowerCase() === name)
  const places = {
    ...{
      start: at('start_timestamp'),
      end: at('end_timestamp'),
      kernel: at('kernel_name'),
      copy: at('direction'),
      call: at('function'),
    },
    ...{
      agent: Math.max(at('agent_id'), at('source_agent_id')),
      queue: at('queue_id'),
      correlation: at('correlation_id'),
      thread: at('thread_id'),
    },
  }
  const timeline = new PlainTimeline()
  let base: bigint | undefined
  for (const row of rows) {
    const [start, end] = [nanoseconds(row[places.start]), nanoseconds(row[places.end])]
    if (start === undefined || end === undefined || end < start) continue
    base ??= start
    const { kind, name, device } = eventOf(row, places)
    timeline.add({
      ...{ kind, name, process: device ?? 'host', thread: row[device === undefined ? places.thread : places.queue] ?? '0' },
      ...{
        startUs: Number(start - base) / 1000,
        durationUs: Number(end - start) / 1000,
        correlation: numberIn(row[places.correlation]) || 0,
      },
      ...(device === undefined ? {} : { device }),
    })
  }
  if (timeline.length === 0)
    throw new InputError(
      `${source.file}: no row has a start and an end; record with rocprofv3 --kernel-trace --memory-copy-trace`,
    )
  return {
    ...{
      kind: 'timeline',
      format: 'rocprof',
      version: null,
      recognisedBy,
      recordedWith: [],
      devices: [],
      slowed: true,
      memory: null,
    },
    ...{ warnings: [], timeline: timeline.finish() },
  }
}

/** Digits beyond a double are kept: they are subtracted first. */
const nanoseconds = (field: string | undefined): bigint | undefined =>
  field !== undefined && /^\s*\d+\s*$/.test(field) ? BigInt(field.trim()) : undefined

function eventOf(
  row: readonly string[],
  places: Readonly<Record<'kernel' | 'copy' | 'call' | 'agent', number>>,
): { kind: Kind; name: string; device?: string } {
  const device = row[places.agent] ?? '0'
  if (places.kernel >= 0) {
    const name = row[places.kernel] ?? ''
    return { kind: kindOfDeviceRow(name), name, device }
  }
  if (places.copy >= 0) return { kind: 'copy', name: `MEMORY_COPY_${row[places.copy]}`, device }
  const name = row[places.call] ?? ''
  return { kind: kindOfCall(name), name }
}

export const rocprof: TraceReader = { id: 'rocprof', title: 'rocprofv3 CSV', recognises, read }
