// A loop on a GPU as PyTorch would record it, simulated: a host that hands out kernels one after the other and a device that works them off.
// Synthetic; what is planted is a parameter.

type Event = Readonly<Record<string, unknown>>

export interface Loop {
  readonly steps?: number
  readonly kernels?: number
  readonly kernelUs?: number
  readonly kernelName?: string
  readonly inputType?: string
  readonly launchUs?: number
  /** In the framework around each launch. */
  readonly dispatchUs?: number
  /** Python before each operator. */
  readonly pythonUs?: number
  readonly loaderUs?: number
  /** Waits for the device after so many kernels, and then does this for so long. */
  readonly syncEvery?: number
  readonly afterSyncUs?: number
  readonly copyUs?: number
  readonly mallocUs?: number
  readonly compileUs?: number
  readonly communicationUs?: number
  readonly device?: { readonly name: string; readonly computeMajor?: number; readonly computeMinor?: number }
}

const HOST = { pid: 100, tid: 100 }

/** The trace as an object. */
export function gpuTrace(loop: Loop = {}): Event {
  const { steps = 6, device = { name: 'NVIDIA A100', computeMajor: 8, computeMinor: 0 } } = loop
  const events: Event[] = []
  const state = { host: 1000, device: 1000, id: 1 }
  for (let step = 0; step < steps; step++) {
    const start = state.host
    playStep(loop, state, events)
    // The answer is waited for.
    wait(state, events)
    events.push({
      ph: 'X',
      cat: 'user_annotation',
      name: `ProfilerStep#${step + 1}`,
      ...HOST,
      ts: start,
      dur: state.host - start,
      args: {},
    })
  }
  return {
    ...{ schemaVersion: 1, deviceProperties: [{ id: 0, totalGlobalMem: 4e10, numSms: 108, ...device }], record_shapes: 1 },
    traceEvents: events,
  }
}

interface State {
  host: number
  device: number
  id: number
}

function host(state: State, events: Event[], event: { cat: string; name: string; dur: number; args?: Event }): void {
  events.push({ ph: 'X', ...HOST, ts: state.host, args: {}, ...event })
  state.host += event.dur
}

function wait(state: State, events: Event[]): void {
  host(state, events, { cat: 'cuda_runtime', name: 'cudaStreamSynchronize', dur: Math.max(1, state.device - state.host + 1) })
}

function playStep(loop: Loop, state: State, events: Event[]): void {
  const { kernels = 20, syncEvery = 0, afterSyncUs = 0, loaderUs = 0, compileUs = 0, copyUs = 0, communicationUs = 0 } = loop
  if (loaderUs > 0)
    host(state, events, {
      cat: 'user_annotation',
      name: 'enumerate(DataLoader)#_SingleProcessDataLoaderIter.__next__',
      dur: loaderUs,
    })
  if (compileUs > 0) host(state, events, { cat: 'user_annotation', name: 'TorchDynamo Cache Lookup miss', dur: compileUs })
  if (copyUs > 0)
    enqueue(loop, state, events, {
      cat: 'gpu_memcpy',
      name: 'Memcpy HtoD (Pageable -> Device)',
      us: copyUs,
      call: 'cudaMemcpyAsync',
    })
  for (let i = 0; i < kernels; i++) {
    enqueue(loop, state, events, {
      cat: 'kernel',
      name: loop.kernelName ?? 'ampere_fp16_s16816gemm_fp16_128x128',
      us: loop.kernelUs ?? 200,
      call: 'cudaLaunchKernel',
    })
    if (syncEvery > 0 && (i + 1) % syncEvery === 0) {
      wait(state, events)
      state.host += afterSyncUs
    }
  }
  if (communicationUs > 0)
    enqueue(loop, state, events, {
      cat: 'kernel',
      name: 'ncclDevKernel_AllReduce_Sum_f32_RING_LL',
      us: communicationUs,
      call: 'cudaLaunchKernel',
    })
}

/** An operator on the host with its launch, and its work on the device as soon as that is free. */
function enqueue(loop: Loop, state: State, events: Event[], work: { cat: string; name: string; us: number; call: string }): void {
  const { launchUs = 4, dispatchUs = 4, pythonUs = 1, mallocUs = 0, inputType = 'c10::Half' } = loop
  state.host += pythonUs
  const id = state.id++
  const start = state.host
  if (mallocUs > 0) host(state, events, { cat: 'cuda_runtime', name: 'cudaMalloc', dur: mallocUs })
  state.host += dispatchUs / 2
  host(state, events, { cat: 'cuda_runtime', name: work.call, dur: launchUs, args: { correlation: id, 'External id': id } })
  const at = Math.max(state.device + 1, state.host + 2)
  state.host += dispatchUs / 2
  const shaped = {
    'External id': id,
    'Input Dims': [
      [128, 128],
      [128, 128],
    ],
    'Input type': [inputType, inputType],
  }
  events.push({
    ph: 'X',
    cat: 'cpu_op',
    name: work.cat === 'gpu_memcpy' ? 'aten::copy_' : 'aten::mm',
    ...HOST,
    ts: start,
    dur: state.host - start,
    args: shaped,
  })
  const args = { device: 0, stream: 7, correlation: id, 'External id': id, ...(work.cat === 'gpu_memcpy' ? { bytes: 1e6 } : {}) }
  events.push({ ph: 'X', cat: work.cat, name: work.name, pid: 0, tid: 7, ts: at, dur: work.us, args })
  state.device = at + work.us
}
