// Matrix products and convolutions on inputs of float32, on devices whose tensor cores compute 16 bits (PyTorch's own pattern
// FP32MatMulPattern looks for the same, torch/profiler/_pattern_matcher.py).
import { share, tell } from '@whyslow/diagnosis/tell.ts'
import { asShareOfStep, defineRule, missingPart, tensorCores } from '../rule.ts'

/** Share of the window. [ours] */
const FROM = 0.1
/** Compute capability from which TF32 and bfloat16 are there: Ampere. */
const AMPERE = 8
/** TF32 to 16 bits, by NVIDIA's data sheets of A100 and H100. */
const FROM_TF32 = 0.5

export const lowPrecisionHeadroom = defineRule({
  id: 'low-precision-headroom',
  area: 'architecture',
  title: 'Mixed precision: float16 or bfloat16 would be faster than float32',
  needs: ['trace'],
  check({ trace }) {
    const { matrix, window } = trace
    if (matrix === null) return missingPart(trace, 'matrix')
    const cores = tensorCores(trace)
    if (cores === undefined) return { notChecked: 'the file does not state the compute capability of the device' }
    if (cores.capability < AMPERE) return 'does-not-apply'
    if (matrix.float32Ms === null) return { notChecked: 'recorded without shapes; record with record_shapes=True' }
    const float32 = matrix.float32Ms / window.lengthMs
    if (float32 < FROM) return 'clear'
    const onTensorCores = matrix.totalMs > 0 ? matrix.tensorCoresMs / matrix.totalMs : 0
    const saves = onTensorCores * FROM_TF32 + (1 - onTensorCores) * cores.saves
    const said = tell`Matrix products and convolutions of float32 take ${share('float32', float32)} of the time; by the device's published peaks
      they would take ${share('less', saves)} less of it in half the bits. A recording does not show whether the answers stay right.`
    return asShareOfStep(trace, said, float32, float32 * saves)
  },
})
