// A trace as PyTorch writes it, by hand: one step of a matrix product, a copy and an exchange. Synthetic.

/** Members of an event that tests look at. */
export type Event = Readonly<Record<string, unknown>>

const base = { ph: 'X', pid: 10, tid: 10 }

export const op = (name: string, ts: number, dur: number, args: Event = {}): Event => ({
  ...base,
  cat: 'cpu_op',
  name,
  ts,
  dur,
  args,
})
export const annotation = (name: string, ts: number, dur: number): Event => ({
  ...base,
  cat: 'user_annotation',
  name,
  ts,
  dur,
  args: {},
})
export const call = (name: string, ts: number, dur: number, args: Event = {}): Event => ({
  ...base,
  cat: 'cuda_runtime',
  name,
  ts,
  dur,
  args,
})
export const launch = (ts: number, dur: number, correlation = 7): Event =>
  call('cudaLaunchKernel', ts, dur, { correlation, 'External id': 5 })
export const kernel = (name: string, ts: number, dur: number, args: Event = {}): Event => ({
  ...base,
  ...{ cat: 'kernel', name, pid: 0, tid: 7, ts, dur, args: { device: 0, stream: 7, ...args } },
})
export const copy = (name: string, ts: number, dur: number, bytes: number): Event => ({
  ...kernel(name, ts, dur, { bytes }),
  cat: 'gpu_memcpy',
})

export const traceOf = (events: readonly Event[]): Event => ({
  schemaVersion: 1,
  deviceProperties: [{ id: 0, name: 'NVIDIA A100', totalGlobalMem: 40e9, computeMajor: 8, computeMinor: 0, numSms: 108 }],
  record_shapes: 1,
  displayTimeUnit: 'ms',
  traceEvents: events,
})

/** The whole, with more events after it. */
export const example = (more: readonly Event[] = []): Event =>
  traceOf([
    annotation('ProfilerStep#1', 1000, 100),
    op('aten::mm', 1010, 20, {
      'External id': 5,
      'Input Dims': [
        [64, 128],
        [128, 32],
      ],
      'Input type': ['float', 'float'],
    }),
    launch(1020, 5),
    kernel('ampere_sgemm', 1030, 40, { correlation: 7, 'External id': 5 }),
    copy('Memcpy HtoD (Pageable -> Device)', 1075, 5, 4096),
    kernel('ncclDevKernel_AllReduce', 1080, 10),
    ...more,
  ])
