// What the profiler costs where its calibration says nothing.
import type { ProfilerCost } from './types.ts'

/** What chains show on a machine of 2020 or so, with two inputs and one output a node. */
export const USUAL_COST: ProfilerCost = { fixedUs: 2, perTensorUs: 0.3, betweenUs: 3, dispatchUs: 0.3 }
/** All of it, µs a node, as it is at worst. */
export const MOST_NODE_US = 15
