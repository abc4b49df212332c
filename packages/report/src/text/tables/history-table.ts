// The history as a table that other tools read: a line a trial, times in ms, sizes in bytes. Drawn from the document alone.
import type { HistoryDocument, HistoryEntry } from '../../documents/history.ts'
import { type ColumnOf, columnsOf, type TableColumn } from './table-columns.ts'

const COLUMNS: readonly ColumnOf<HistoryEntry>[] = [
  ['model', 'text', ({ model }) => model.path],
  ['model_sha256', 'text', ({ model }) => model.sha256],
  ['model_bytes', 'number', ({ model }) => model.sizeBytes],
  ['measured_at', 'time', ({ savedAt }) => savedAt],
  ['machine_key', 'text', ({ machine }) => machine.key],
  ['cpu', 'text', ({ machine }) => machine.cpu],
  ['usable_cpus', 'integer', ({ machine }) => machine.usableCpus],
  ['engine', 'text', ({ engine }) => engine.id],
  ['engine_version', 'text', ({ engine }) => engine.version],
  ['device', 'text', ({ engine }) => engine.device],
  ['threads', 'integer', ({ engine }) => engine.threads],
  ['inputs', 'text', ({ inputs }) => inputs],
  ['p50_ms', 'number', ({ latency }) => latency.p50Ms],
  ['ci_low_ms', 'number', ({ latency }) => latency.ciLowMs],
  ['ci_high_ms', 'number', ({ latency }) => latency.ciHighMs],
  ['trust', 'text', ({ latency }) => latency.trust],
  ['processes', 'integer', ({ latency }) => latency.processes],
  ['metric', 'text', ({ metric }) => metric?.name],
  ['metric_value', 'number', ({ metric }) => metric?.value],
  ['whyslow_version', 'text', ({ whyslow }) => whyslow],
  ['trial', 'text', ({ trial }) => trial],
]

export const historyTable = ({ entries }: HistoryDocument): TableColumn[] => columnsOf(COLUMNS, entries)
