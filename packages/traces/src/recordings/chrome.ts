// Any other trace in Chrome's format: VizTracer, py-spy's chrometrace, Node's --trace-events, a program's own.
import { isObject } from '@whyslow/graph/json.ts'
import { readChrome } from './chrome-timeline.ts'
import type { Head, TraceReader } from './reader.ts'
import type { Recording } from './recording.ts'
import type { TraceSource } from './source.ts'

function recognises({ kind, text, keys }: Head): string | undefined {
  if (kind === 'object' && keys.includes('traceEvents')) return 'its member traceEvents'
  return kind === 'array' && /^\s*\[\s*\{[^[\]]*"ph"\s*:\s*"/.test(text.slice(0, 65_536))
    ? 'an array of events with a phase'
    : undefined
}

async function read(source: TraceSource, recognisedBy: string): Promise<Recording> {
  const { timeline, metadata, categories, warnings } = await readChrome(source)
  const isVizTracer = isObject(metadata.viztracer_metadata)
  const version = isObject(metadata.viztracer_metadata) ? metadata.viztracer_metadata.version : undefined
  const hasOperators = categories.some((one) => one === 'cpu_op' || one === 'kernel')
  return {
    ...{ kind: 'timeline', format: hasOperators ? 'pytorch' : 'chrome' },
    version: isVizTracer && typeof version === 'string' ? `VizTracer ${version}` : null,
    ...{ recognisedBy, recordedWith: [], devices: [], slowed: true, memory: null, timeline, warnings },
  }
}

export const chrome: TraceReader = { id: 'chrome', title: 'Chrome trace', recognises, read }
