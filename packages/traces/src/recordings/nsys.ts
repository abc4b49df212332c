// Nsight Systems, as `nsys export --type sqlite` writes it (docs.nvidia.com/nsight-systems/UserGuide, exporter schema): a table for each kind
// of activity, made only where there is some. Times in ns since the session began.
import { InputError } from '@whyslow/graph/input-error.ts'
import { kindOfCall, kindOfDeviceRow } from './event-kinds.ts'
import { PlainTimeline } from './plain-events.ts'
import type { Head, TraceReader } from './reader.ts'
import type { Detail, RecordedDevice, Recording } from './recording.ts'
import { type RandomAccess, type TraceSource, wholeOf } from './source.ts'
import { type Cell, isSqlite, openTables, type Table } from './sqlite-file.ts'

const KERNELS = 'CUPTI_ACTIVITY_KIND_KERNEL'
/** A packed database is unpacked into memory. */
const MOST_UNPACKED = 2 ** 29
/** copyKind of CUPTI: to the device, to the host, within one. */
const DIRECTIONS: Readonly<Record<number, readonly [name: string, direction: NonNullable<Detail['direction']>]>> = {
  1: ['Memcpy HtoD', 'to-device'],
  2: ['Memcpy DtoH', 'to-host'],
  8: ['Memcpy DtoD', 'on-device'],
  10: ['Memcpy PtoP', 'on-device'],
}

function recognises({ bytes }: Head): string | undefined {
  return isSqlite(bytes) ? 'a SQLite database' : undefined
}

async function read(source: TraceSource, recognisedBy: string): Promise<Recording> {
  const access = source.open?.() ?? inMemory(await wholeOf(source, MOST_UNPACKED))
  try {
    return readDatabase(source.file, access, recognisedBy)
  } finally {
    access.close()
  }
}

const inMemory = (bytes: Buffer): RandomAccess => ({
  size: bytes.length,
  read: (at, length) => bytes.subarray(at, at + length),
  close: () => {},
})

function readDatabase(file: string, access: RandomAccess, recognisedBy: string): Recording {
  const tables = openTables(file, access)
  const names = [...tables.keys()]
  if (names.some((name) => name.startsWith('rocpd_')))
    throw new InputError(`${file}: a rocpd database; convert it: rocpd convert -i FILE --output-format csv`)
  if (!tables.has('StringIds') || !names.some((name) => name.startsWith('CUPTI_ACTIVITY_KIND_') || name === 'NVTX_EVENTS'))
    throw new InputError(`${file}: a SQLite database without Nsight Systems' tables; give what nsys export --type sqlite wrote`)
  const timeline = new PlainTimeline()
  const strings = new Map<number, string>()
  for (const { id, value } of rowsOf(tables, 'StringIds'))
    if (typeof id === 'number' && typeof value === 'string') strings.set(id, value)
  const reading: Reading = { tables, timeline, strings, processes: new Map() }
  addKernels(reading)
  addCopies(reading)
  addCalls(reading)
  addRanges(reading)
  if (timeline.length === 0)
    throw new InputError(`${file}: no activity in this database; profile with nsys profile --trace cuda,nvtx`)
  return {
    ...{
      kind: 'timeline',
      format: 'nsys',
      version: null,
      recognisedBy,
      recordedWith: [],
      devices: devicesOf(tables),
      slowed: true,
    },
    ...{
      memory: null,
      warnings: timeline.dropped > 0 ? [`only the first ${timeline.length} events are looked at`] : [],
      timeline: timeline.finish(),
    },
  }
}

interface Reading {
  readonly tables: ReadonlyMap<string, Table>
  readonly timeline: PlainTimeline
  readonly strings: ReadonlyMap<number, string>
  readonly processes: Map<string, number>
}

type Row = Readonly<Record<string, Cell>>

/** Rows by column; none if the table is not there. */
function* rowsOf(tables: ReadonlyMap<string, Table>, name: string): Generator<Row> {
  const table = tables.get(name)
  if (table === undefined) return
  for (const cells of table.rows()) yield Object.fromEntries(table.columns.map((column, at) => [column, cells[at] ?? null]))
}

const numberOf = (cell: Cell | undefined): number =>
  typeof cell === 'bigint' ? Number(cell) : typeof cell === 'number' ? cell : Number.NaN

function nameOf({ strings }: Reading, ...cells: readonly (Cell | undefined)[]): string {
  for (const cell of cells) {
    if (typeof cell === 'string' && cell !== '') return cell
    const known = typeof cell === 'number' ? strings.get(cell) : undefined
    if (known !== undefined) return known
  }
  return '(no name)'
}

/** Correlation is unique in a process only. */
function correlationOf({ processes }: Reading, correlation: Cell | undefined, global: Cell | undefined): number {
  const process = String(BigInt(Math.trunc(numberOf(global)) || 0) >> 24n)
  const index = processes.get(process) ?? processes.size
  processes.set(process, index)
  return (numberOf(correlation) || 0) + index * 2 ** 32
}

const timesOf = ({ start, end }: Row): { startUs: number; durationUs: number } => ({
  startUs: numberOf(start) / 1000,
  durationUs: (numberOf(end) - numberOf(start)) / 1000,
})

const placeOf = ({ deviceId, streamId }: Row): { process: string; thread: string; device: string } => ({
  ...{ process: `GPU ${deviceId ?? 0}`, thread: `stream ${streamId ?? 0}`, device: `GPU ${deviceId ?? 0}` },
})

function addKernels(reading: Reading): void {
  for (const row of rowsOf(reading.tables, KERNELS)) {
    const name = nameOf(reading, row.demangledName, row.shortName)
    const detail: Detail = row.graphNodeId !== null && row.graphNodeId !== undefined ? { graph: true } : {}
    const correlation = correlationOf(reading, row.correlationId, row.globalPid)
    reading.timeline.add({ kind: kindOfDeviceRow(name), name, ...placeOf(row), ...timesOf(row), correlation, detail })
  }
}

function addCopies(reading: Reading): void {
  for (const table of ['CUPTI_ACTIVITY_KIND_MEMCPY', 'CUPTI_ACTIVITY_KIND_MEMSET']) {
    for (const row of rowsOf(reading.tables, table)) {
      const [name, direction] = table.endsWith('SET')
        ? (['Memset', 'fill'] as const)
        : (DIRECTIONS[numberOf(row.copyKind)] ?? ['Memcpy', 'on-device'])
      // srcKind and dstKind of CUPTI: 0 is memory that is not pinned.
      const isPageable = direction !== 'on-device' && direction !== 'fill' && (row.srcKind === 0 || row.dstKind === 0)
      const detail: Detail = { direction, ...(Number.isFinite(numberOf(row.bytes)) ? { bytes: numberOf(row.bytes) } : {}) }
      const correlation = correlationOf(reading, row.correlationId, row.globalPid)
      reading.timeline.add({
        kind: 'copy',
        name: isPageable ? `${name} (Pageable)` : name,
        ...placeOf(row),
        ...timesOf(row),
        correlation,
        detail,
      })
    }
  }
}

/** `cudaLaunchKernel_v7000` is cudaLaunchKernel. */
function addCalls(reading: Reading): void {
  for (const row of rowsOf(reading.tables, 'CUPTI_ACTIVITY_KIND_RUNTIME')) {
    const name = nameOf(reading, row.nameId).replace(/_v\d+(_ptsz|_ptds)?$/, '')
    const correlation = correlationOf(reading, row.correlationId, row.globalTid)
    reading.timeline.add({ kind: kindOfCall(name), name, ...threadOf(row), ...timesOf(row), correlation })
  }
}

const threadOf = ({ globalTid }: Row): { process: string; thread: string } => ({
  process: 'host',
  thread: `thread ${globalTid ?? 0}`,
})

/** Ranges that a program marked: 59 pushed and popped, 60 started and ended. */
function addRanges(reading: Reading): void {
  for (const row of rowsOf(reading.tables, 'NVTX_EVENTS')) {
    if ((row.eventType !== 59 && row.eventType !== 60) || row.end === null) continue
    reading.timeline.add({ kind: 'annotation', name: nameOf(reading, row.text, row.textId), ...threadOf(row), ...timesOf(row) })
  }
}

function devicesOf(tables: ReadonlyMap<string, Table>): RecordedDevice[] {
  return [...rowsOf(tables, 'TARGET_INFO_GPU')].map((row) => {
    const [major, minor] = [numberOf(row.computeMajor), numberOf(row.computeMinor)]
    const known = (value: number): number | null => (Number.isFinite(value) && value > 0 ? value : null)
    return {
      name: typeof row.name === 'string' ? row.name : 'a GPU',
      computeCapability: Number.isFinite(major) ? major + (Number.isFinite(minor) ? minor : 0) / 10 : null,
      memoryBytes: known(numberOf(row.totalMemory)),
      multiprocessors: known(numberOf(row.smCount)),
      flopsPerSecond: null,
      bytesPerSecond: known(numberOf(row.memoryBandwidth)),
    }
  })
}

export const nsys: TraceReader = { id: 'nsys', title: 'Nsight Systems', recognises, read }
