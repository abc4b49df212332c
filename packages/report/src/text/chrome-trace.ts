// A report as a trace in Chrome's format, which Perfetto (ui.perfetto.dev), speedscope and chrome://tracing open: one prediction with its
// nodes one after the other. Times are those of the report, corrected for the profiler's cost: how nodes follow each other in time was not
// measured, and the trace says so.
import type { ReportDocument } from '../documents/report.ts'

type Event = Readonly<Record<string, unknown>>

const PROCESS = 1
const THREADS = { prediction: 1, parts: 2 } as const

/** The trace as JSON text that ends with a line end. A report without nodes gives its parts alone. */
export function renderChromeTrace(doc: ReportDocument): string {
  const title = [doc.model?.file, doc.engine?.id].filter((part) => part !== undefined).join(' on ') || 'a prediction'
  const names = [
    named('process_name', `whyslow: ${title}`),
    named('thread_name', 'nodes, in order', THREADS.prediction),
    named('thread_name', 'where the time goes', THREADS.parts),
  ]
  const nodes = inOrder(
    doc.nodes.map(({ name, origin, opType, timeMs, share, flops, bytes, floorMs, bound }) => ({
      ...{ name: origin.join(' + ') || name, category: opType, timeMs, thread: THREADS.prediction },
      args: { node: name, operator: opType, share, flops, bytes, floorMs, bound },
    })),
  )
  const parts = inOrder(
    doc.breakdown.map(({ part, area, timeMs, share }) => ({
      ...{ name: part, category: area, timeMs, thread: THREADS.parts },
      args: { area, share },
    })),
  )
  const wholeMs = doc.latency?.p50Ms ?? doc.nodes.reduce((sum, { timeMs }) => sum + timeMs, 0)
  const prediction = slice(
    {
      name: 'prediction',
      category: 'prediction',
      timeMs: wholeMs,
      thread: THREADS.parts,
      args: { p50Ms: doc.latency?.p50Ms ?? null },
    },
    0,
  )
  const trace = {
    displayTimeUnit: 'ms',
    otherData: {
      tool: `whyslow ${doc.tool.version}`,
      note: 'times of nodes are corrected for the cost of profiling; that they follow each other without gaps is drawn, not measured',
    },
    traceEvents: [...names, prediction, ...parts, ...nodes],
  }
  return `${JSON.stringify(trace)}\n`
}

interface Slice {
  readonly name: string
  readonly category: string
  readonly timeMs: number
  readonly thread: number
  readonly args: Readonly<Record<string, unknown>>
}

const named = (name: string, text: string, thread?: number): Event => ({
  ph: 'M',
  name,
  pid: PROCESS,
  ...(thread === undefined ? {} : { tid: thread }),
  args: { name: text },
})

/** `ts` and `dur` are µs. */
const slice = ({ name, category, timeMs, thread, args }: Slice, startMs: number): Event => ({
  ...{ ph: 'X', name, cat: category, pid: PROCESS, tid: thread, ts: startMs * 1000, dur: timeMs * 1000, args },
})

/** One after the other; what took no time, or less, is left out. */
function inOrder(slices: readonly Slice[]): Event[] {
  let at = 0
  return slices.flatMap((one) => {
    if (!(one.timeMs > 0)) return []
    const event = slice(one, at)
    at += one.timeMs
    return [event]
  })
}
