// What TensorFlow.js can tell of its predictions apart from their time: what a call costs that computes nothing, and how many tensors are alive
// after predictions whose outputs were disposed, without `tidy` around them. https://js.tensorflow.org/api/latest/#Performance-Memory
import { percentileOf, sortAscending } from '../../statistics/order.ts'
import { processClock } from '../sampler.ts'
import type { TensorObservation } from '../types.ts'
import type { Core, Tensor } from './tfjs-package.ts'

export interface Calls {
  /** A prediction without `tidy`. */
  readonly bare: () => Promise<readonly Tensor[]> | readonly Tensor[]
  /** A call with the same inputs whose outputs are those inputs. */
  readonly empty: () => readonly Tensor[]
}

const WARM_CALLS = 50
const CALLS = 101
const PREDICTIONS = 3

export async function observe(core: Core, { bare, empty }: Calls, now = processClock): Promise<TensorObservation> {
  // The very first prepares things that stay.
  for (const tensor of await bare()) tensor.dispose()
  const before = core.memory()
  let outputs = 0
  for (let k = 0; k < PREDICTIONS; k++) {
    const given = await bare()
    outputs += given.length
    for (const tensor of given) {
      tensor.dataSync()
      tensor.dispose()
    }
  }
  const after = core.memory()
  const each = (count: number) => Math.max(0, count) / PREDICTIONS
  return {
    ...callTimes(core, empty, now),
    outputsLeft: outputs / PREDICTIONS,
    othersLeft: each(after.numTensors - before.numTensors),
    othersLeftBytes: each(after.numBytes - before.numBytes),
  }
}

function callTimes(core: Core, empty: Calls['empty'], now: () => number): Pick<TensorObservation, 'callMs' | 'callLowMs'> {
  const call = () => void core.tidy(() => empty().map((tensor) => tensor.dataSync()))
  for (let k = 0; k < WARM_CALLS; k++) call()
  const times = Array.from({ length: CALLS }, () => {
    const start = now()
    call()
    return now() - start
  })
  const sorted = sortAscending(times)
  return { callMs: percentileOf(sorted, 0.5), callLowMs: percentileOf(sorted, 0.25) }
}
