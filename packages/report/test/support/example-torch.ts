// A PyTorch model that rules start from: 10 ms in four modules, of which nothing is slow and no other setting is faster.
import type { TorchSection, TorchSetting, TorchTimes, TorchTrial } from '../../src/documents/report-torch.ts'

/** As fast by `ratio`, surely. */
export const exampleTimes = (ratio: number, nowMs = 10): TorchTimes => ({
  nowMs,
  insteadMs: nowMs / ratio,
  ratio,
  ratioLow: ratio * 0.98,
  ratioHigh: ratio * 1.02,
})

export const exampleTrial = (id: TorchSetting, given: Partial<TorchTrial> = {}): TorchTrial => ({
  id,
  title: id,
  code: `set ${id}`,
  firstMs: 20,
  equal: 'rounding',
  error: 1e-6,
  reason: null,
  times: exampleTimes(1),
  ...given,
})

const module = (name: string, type: string, timeMs: number, selfMs: number, operators = 1) => ({
  name,
  type,
  calledBy: name === '' ? null : '',
  calls: 1,
  timeMs,
  selfMs,
  operators,
  place: null,
})

export const exampleTorch = (given: Partial<TorchSection> = {}): TorchSection => ({
  version: '2.9.0',
  build: { capability: 'AVX512', onednn: true, openmp: true, mkl: true, cuda: null, gpu: false },
  root: 'Net',
  ran: { file: 'model.py', line: 9, function: 'model' },
  runsPerPrediction: 1,
  device: 'cpu',
  dtype: 'float32',
  parameters: 1e6,
  threads: 2,
  usableCpus: 2,
  gradients: false,
  training: false,
  compiled: false,
  recompiles: null,
  predictionMs: 10,
  p50Ms: 10,
  clocksAdded: 0.01,
  modules: [
    module('', 'Net', 10, 1, 0),
    module('layers.0.attn', 'Attention', 3, 3, 20),
    module('layers.1.attn', 'Attention', 3, 3, 20),
    module('head', 'Linear', 3, 3, 2),
  ],
  operators: [{ name: 'addmm', calls: 2, timeMs: 3 }],
  operatorsPerPrediction: 42,
  moduleCalls: 4,
  operatorNs: 2000,
  moduleNs: 500,
  copies: [],
  reads: [],
  dispatchMs: 0.086,
  trials: [],
  ...given,
})
