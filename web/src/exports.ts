// What can be taken along beside the document, its trace and its tables: node data for Model Explorer.
import type { Report } from './page-data.ts'

const GRADIENT = [
  { stop: 0, bgColor: '#f3f8fc', textColor: '#14181d' },
  { stop: 0.5, bgColor: '#7fb4dc', textColor: '#14181d' },
  { stop: 1, bgColor: '#00508a', textColor: '#ffffff' },
]

/**
 * Node data of Model Explorer (`node_data_builder.py` there): time by the names of the user's nodes and of output tensors. An executed node that
 * holds several of the user's shows its time at the one that gives its output.
 */
export function modelExplorerData(report: Report): object {
  const results: Record<string, { value: number }> = Object.create(null)
  for (const { name, origin, timeMs } of report.nodes) {
    const key = origin[0] ?? name
    results[key] = { value: (results[key]?.value ?? 0) + timeMs }
  }
  return { main: { results, gradient: GRADIENT } }
}
