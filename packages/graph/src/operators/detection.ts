// Choosing boxes. https://onnx.ai/onnx/operators/onnx__NonMaxSuppression.html
// How many boxes pass the threshold and how many pairs are compared is in the scores. Counted is what is certain: every score
// meets the threshold, and the boxes that were chosen in a class were compared with each other.
import { elementCount } from '../dtype.ts'
import { defineFamily, formula } from './family.ts'

/** Intersection over union: four of max and min, two subtractions with a clamp each, areas, sums, a comparison. */
const OVERLAP_OPS = 12

// boxes [B, n, 4], scores [B, C, n] -> selected [m, 3]
const nonMaxSuppression = formula([0, 1], [0], ([boxes, scores], [selected]) => {
  const lists = scores.shape[0]! * scores.shape[1]!
  const chosen = selected.shape[0]! / Math.max(1, lists)
  const pairs = (lists * Math.max(0, chosen * (chosen - 1))) / 2
  const worst = lists * ((boxes.shape[1]! * (boxes.shape[1]! - 1)) / 2)
  return {
    simpleOps: elementCount(scores.shape) + pairs * OVERLAP_OPS,
    specialOps: pairs,
    arithmetic: boxes.dtype,
    note: `depends on the scores: at worst ${worst} overlaps`,
  }
})

export const detectionFamily = defineFamily('detection', {}, { NonMaxSuppression: nonMaxSuppression })
