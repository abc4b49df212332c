// A session of the engine: OpenVINO's model, with what the file declares, feeds that are checked, and a profile.
import { checkFeeds, type Handle } from '../koffi.ts'
import type { InputDeclaration, OpenOptions, Session } from '../types.ts'
import type { CallName, OpenvinoApi } from './c-api.ts'
import { dtypeOf } from './element-types.ts'
import { type CompileTarget, hasInput, inferOnce, type OpenvinoModel, openModel } from './model.ts'
import { declaredNames } from './onnx-names.ts'
import { type ProfiledRun, profiledNodes, writeTrace } from './profile.ts'

export function openSession(api: OpenvinoApi, file: string, compiling: CompileTarget, { profilePrefix }: OpenOptions): Session {
  const runs: ProfiledRun[] = []
  const profiled = (request: Handle) => {
    const start = performance.now()
    inferOnce(api, request)
    const durationUs = (performance.now() - start) * 1000
    runs.push({ durationUs, nodes: profiledNodes(api, request) })
  }
  const model = openModel(api, file, compiling, {
    declare: (read) => declarations(api, read, file),
    infer: profilePrefix === undefined ? undefined : profiled,
  })
  const { inputs, outputs } = model
  return {
    inputs,
    outputs,
    get threads() {
      return threadsOf(api, model)
    },
    async run(feeds) {
      checkFeeds('OpenVINO', inputs, feeds)
      return model.predict(feeds)
    },
    prepare(feeds) {
      checkFeeds('OpenVINO', inputs, feeds)
      const predict = model.prepare(feeds)
      return async () => predict()
    },
    async endProfiling() {
      return profilePrefix === undefined ? null : writeTrace(profilePrefix, runs, file)
    },
    close: async () => model.close(),
  }
}

/** A text of the library's own, freed. */
export function textOf(api: OpenvinoApi, name: CallName, ...given: readonly unknown[]): string {
  const pointer = api.got(name, ...given)
  const text = api.koffi.decode(pointer as never, 'char', -1) as string
  api.free('text', pointer)
  return text
}

function declarations(api: OpenvinoApi, model: Handle, file: string) {
  const names = declaredNames(file)
  // Weights that are listed as inputs are constants here.
  const inputNames = names.inputs.filter((name) => hasInput(api, model, name))
  const inputs = inputNames.map((name) => declared(api, api.got('model_const_input_by_name', model, name), name))
  const outputs = names.outputs.map((name, i) => declared(api, api.got('model_const_output_by_index', model, i), name))
  return { inputs, outputs }
}

function declared(api: OpenvinoApi, port: Handle, name: string): InputDeclaration {
  const dtype = dtypeOf(api, api.got<number>('port_get_element_type', port))
  const shape: { rankMin?: bigint | number; rankMax?: bigint | number; dims?: unknown } = {}
  api.call('port_get_partial_shape', port, shape)
  const rank = Number(shape.rankMin)
  const known = rank === Number(shape.rankMax)
  const limits =
    known && rank > 0 ? (api.koffi.decode(shape.dims as never, 'int64_t', 2 * rank) as ArrayLike<number | bigint>) : []
  api.free('partial_shape', shape)
  api.free('const_port', port)
  const sizes = Array.from({ length: known ? rank : 0 }, (_, axis) => {
    const [low, high] = [Number(limits[2 * axis]), Number(limits[2 * axis + 1])]
    return low === high ? low : ''
  })
  return { name, isTensor: true, dtype, shape: known ? sizes : null }
}

/** undefined if the device takes no thread count, and before the model is compiled. */
function threadsOf(api: OpenvinoApi, model: OpenvinoModel<unknown>): number | undefined {
  const compiled = model.compiled()
  if (compiled === undefined) return undefined
  try {
    return Number(textOf(api, 'compiled_model_get_property', compiled, 'INFERENCE_NUM_THREADS')) || undefined
  } catch {
    return undefined
  }
}
