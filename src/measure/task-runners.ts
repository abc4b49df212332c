// Task name -> the code that does it, imported at the moment of use: a trial loads what it needs and no more.
import type { Tasks } from './tasks.ts'

type Runners = { readonly [K in keyof Tasks]: () => Promise<(input: Tasks[K]['input']) => Promise<Tasks[K]['output']>> }

export const taskRunners: Runners = {
  engine: async () => (await import('./engine-task.ts')).engineTask,
  try: async () => (await import('./try-once.ts')).tryOnce,
  latency: async () => (await import('./timing/latency-block.ts')).measureBlock,
  profile: async () => (await import('./timing/profile/run.ts')).profileModel,
  device: async () => (await import('./timing/device/task.ts')).deviceTask,
  roofs: async () => (await import('./timing/roofs/task.ts')).roofsTask,
  outputs: async () => (await import('./outputs/outputs-task.ts')).outputsTask,
  optimize: async () => (await import('./optimize-task.ts')).optimizeTask,
  'worker-cost': async () => (await import('./timing/worker-cost-task.ts')).workerCostTask,
  calibrate: async () => (await import('../quantize/calibrate/task.ts')).calibrateTask,
  types: async () => (await import('./outputs/types-task.ts')).typesTask,
  'layer-errors': async () => (await import('../quantize/plan/layer-errors.ts')).layerErrorsTask,
  'operator-times': async () => (await import('./timing/operators/task.ts')).operatorTimesTask,
  start: async () => (await import('./timing/start.ts')).startTask,
}
