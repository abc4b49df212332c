// OpenVINO's per-operator times (ov_profiling_info_t of openvino/c/ov_infer_request.h), prediction by prediction, written as the trace that
// is read of onnxruntime: an event for each node that ran, one after the other. The kernel's name stands where onnxruntime names a
// provider: 'jit_avx512_amx_bf16'.
import fs from 'node:fs'
import type { Handle } from '../koffi.ts'
import type { OpenvinoApi } from './c-api.ts'
import { nodeOperators } from './onnx-names.ts'

export interface NodeInfo {
  readonly name: string
  /** Place among all nodes of the compiled model: a node that took less than half a microsecond is not listed every time. */
  readonly index: number
  /** OpenVINO's own: 'Convolution', 'Reorder'. */
  readonly type: string
  /** 'jit_avx512_amx_bf16', 'ref_any_f32'. */
  readonly kernel: string
  readonly timeUs: number
}

/** What one prediction showed: nodes in the order in which they run. */
export interface ProfiledRun {
  readonly durationUs: number
  readonly nodes: readonly NodeInfo[]
}

/** status (padded), real_time, cpu_time, node_name, exec_type, node_type. */
const INFO_BYTES = 48
const EXECUTED = 2
const OFFSET = { realTime: 8, name: 24, exec: 32, type: 40 } as const

/** Profile of the prediction that the request did last. Nodes that were optimized away are left out. */
export function profiledNodes(api: OpenvinoApi, request: Handle): NodeInfo[] {
  const { koffi } = api
  const list: { items?: unknown; size?: number | bigint } = {}
  api.call('infer_request_get_profiling_info', request, list)
  const count = Number(list.size)
  const bytes = Buffer.from(koffi.view(list.items as never, count * INFO_BYTES))
  const text = (at: number): string => (koffi.decode(list.items as never, at, 'str') as string | null) ?? ''
  const nodes: NodeInfo[] = []
  for (let at = 0; at < bytes.length; at += INFO_BYTES) {
    if (bytes.readInt32LE(at) !== EXECUTED) continue
    const timeUs = Number(bytes.readBigInt64LE(at + OFFSET.realTime))
    nodes.push({
      name: text(at + OFFSET.name),
      index: at / INFO_BYTES,
      type: text(at + OFFSET.type),
      kernel: text(at + OFFSET.exec),
      timeUs,
    })
  }
  api.free('profiling', list)
  return nodes
}

/** What only gives the graph's ends their names, and takes no time of its own. */
const ENDS: ReadonlySet<string> = new Set(['Parameter', 'Result', 'Constant', 'Input', 'Output', 'Const'])

/** A convolution apart from the addition that is called as the two were. */
const PART = /\/WithoutBiases$/
/** Names that the library makes are counted over the whole process, 'Multiply_5137': a model that is opened again has others. */
const COUNTER = /([A-Z][A-Za-z]+)_\d+/g

/**
 * The library tells how long a node took, not when: nodes, and predictions, lie end to end. `operators`: of the model's nodes, by name;
 * a node that is none of these keeps the library's name and type.
 */
function traceOf(runs: readonly ProfiledRun[], operators: ReadonlyMap<string, string>): readonly object[] {
  const named = (name: string): string => {
    const own = operators.has(name) ? name : name.replace(PART, '')
    return operators.has(own) ? own : name.replaceAll(COUNTER, '$1')
  }
  let ts = 0
  return runs.flatMap(({ durationUs, nodes }) => {
    const start = ts
    const events = nodes
      .filter(({ type }) => !ENDS.has(type))
      .map(({ name, index, type, kernel, timeUs }) => {
        const own = named(name)
        const args = {
          op_name: operators.get(own) ?? type,
          provider: kernel,
          node_index: index,
          input_type_shape: [],
          output_type_shape: [],
        }
        const event = { cat: 'Node', name: `${own}_kernel_time`, ts, dur: timeUs, args }
        ts += timeUs
        return event
      })
    // Times are whole microseconds: together they may be more than the whole. The last node starts within the prediction.
    ts = Math.max(ts + 1, start + durationUs)
    return [{ cat: 'Session', name: 'model_run', ts: start, dur: ts - start, args: {} }, ...events]
  })
}

export function writeTrace(prefix: string, runs: readonly ProfiledRun[], modelFile: string): string {
  const file = `${prefix}openvino.json`
  fs.writeFileSync(file, JSON.stringify(traceOf(runs, nodeOperators(modelFile))))
  return file
}
