// A model opened with ONNX Runtime's C interface, and one binding of its inputs and outputs for each sequence.
import type { Handle } from '@whyslow/measure/engines/koffi.ts'
import type { OrtApi } from './c-api.ts'

/** ORT_LOGGING_LEVEL_ERROR and ORT_ENABLE_ALL. */
const [LOG_ERRORS, ALL_OPTIMIZATIONS] = [3, 99]

/** A process needs one, for all its sessions. */
const environments = new WeakMap<OrtApi, Handle>()

function environmentOf(api: OrtApi): Handle {
  const known = environments.get(api)
  if (known !== undefined) return known
  const made = api.got('CreateEnv', LOG_ERRORS, 'whyslow')
  environments.set(api, made)
  return made
}

/** `threads`: null leaves the number to the library. Throws what the library says of the model. */
export function openSession(api: OrtApi, file: string, threads: number | null): Handle {
  const environment = environmentOf(api)
  const options = api.got('CreateSessionOptions')
  try {
    api.call('SetSessionGraphOptimizationLevel', options, ALL_OPTIMIZATIONS)
    api.call('SetInterOpNumThreads', options, 1)
    if (threads !== null) api.call('SetIntraOpNumThreads', options, threads)
    return api.got('CreateSession', environment, file, options)
  } finally {
    api.free('SessionOptions', options)
  }
}

/** Inputs and outputs of one session, bound by name; what is bound stays so from run to run. */
export interface Binding {
  input(name: string, value: Handle): void
  output(name: string, value: Handle): void
  /** The library makes room for this output in the next run. */
  freshOutput(name: string): void
  run(): void
  /** Outputs in the order in which they were bound first; the caller frees each. */
  outputs(): readonly Handle[]
  close(): void
}

export function newBinding(api: OrtApi, session: Handle): Binding {
  const binding = api.got('CreateIoBinding', session)
  return {
    input: (name, value) => api.call('BindInput', binding, name, value),
    output: (name, value) => api.call('BindOutput', binding, name, value),
    freshOutput: (name) => api.call('BindOutputToDevice', binding, name, api.memory),
    run: () => api.call('RunWithBinding', session, null, binding),
    outputs() {
      const [list, count]: [[Handle], [number | bigint | null]] = [[null], [null]]
      api.call('GetBoundOutputValues', binding, api.allocator, list, count)
      const values = api.koffi.decode(list[0], 'void *', Number(count[0])) as readonly Handle[]
      api.call('AllocatorFree', api.allocator, list[0])
      return values
    },
    close: () => api.free('IoBinding', binding),
  }
}
