// ONNX Runtime's profile (core/common/profiler.cc): an array of events without an object around it, `<node>_kernel_time` for each run of
// a node, with its operator, provider and shapes; kernels of a GPU next to them if the build records those.
import { isObject, jsonValue } from '@whyslow/graph/json.ts'
import { readChrome } from './chrome-timeline.ts'
import { plainArgs } from './event-details.ts'
import type { Head, TraceReader } from './reader.ts'
import type { Detail, Recording } from './recording.ts'
import type { TraceSource } from './source.ts'

/** The profiler stops silently here. */
const MOST_EVENTS = 1_000_000

function recognises({ kind, text }: Head): string | undefined {
  if (kind !== 'array' && kind !== 'object') return undefined
  const isSession =
    /"cat"\s*:\s*"Session"/.test(text) && /"name"\s*:\s*"(model_loading_\w+|session_initialization|model_run)"/.test(text)
  if (isSession) return 'events of the category Session'
  return /"cat"\s*:\s*"Node"/.test(text) && /_kernel_time"/.test(text) ? 'events named …_kernel_time' : undefined
}

async function read(source: TraceSource, recognisedBy: string): Promise<Recording> {
  const { timeline, warnings } = await readChrome(source, {
    args: ({ builder, bytes, at }, kind, into) => {
      if (kind !== 'node') return
      const args = plainArgs(bytes, at)
      const key = `${args.op_name}|${args.provider}|${JSON.stringify(args.input_type_shape)}`
      into.detail = builder.detail(key, () => nodeDetail(args))
    },
  })
  const isFull = timeline.length >= MOST_EVENTS - 1000
  return {
    ...{ kind: 'timeline', format: 'onnxruntime', version: null, recognisedBy },
    recordedWith: timeline.details.some(({ shapes }) => shapes !== undefined) ? ['shapes'] : [],
    ...{ devices: [], slowed: true, memory: null, timeline },
    warnings: [...warnings, ...(isFull ? [`the profiler stops at ${MOST_EVENTS} events: later predictions are missing`] : [])],
  }
}

/** `input_type_shape` is an array with one member for each input: [{"float":[1,3,224,224]}, …]; older files hold it as text. */
function nodeDetail(args: Readonly<Record<string, unknown>>): Detail {
  const told = typeof args.input_type_shape === 'string' ? jsonValue(args.input_type_shape) : args.input_type_shape
  const inputs = Array.isArray(told) ? told.flatMap((one) => (isObject(one) ? Object.entries(one).slice(0, 1) : [])) : undefined
  return {
    ...(typeof args.op_name === 'string' ? { opType: args.op_name } : {}),
    ...(typeof args.provider === 'string' ? { provider: args.provider } : {}),
    ...(inputs === undefined ? {} : { types: inputs.map(([type]) => type), shapes: inputs.map(([, shape]) => numbersOf(shape)) }),
  }
}

const numbersOf = (value: unknown): number[] => (Array.isArray(value) ? value.filter((one) => typeof one === 'number') : [])

export const onnxruntime: TraceReader = { id: 'onnxruntime', title: 'ONNX Runtime profile', recognises, read }
