// Each token reads all weights once, so that their bytes bound its time: float32 needs several times the bytes of int8 and int4.
// transformers.js takes float32 in Node if nobody says otherwise (src/utils/dtypes.js, DEFAULT_DEVICE_DTYPE).
import { bytes, ms, share, tell } from '@whyslow/diagnosis/tell.ts'
import { costs, defineRule, fixGenerator, INT4_BYTES, isFelt, quantizedMs, tokenMsOf, weightsMs } from '../rule.ts'
import { bytesOf, largestOf, mostlyFloat32 } from '../weights.ts'

const FLOAT32_BYTES = 4

export const float32Weights = defineRule({
  id: 'float32-weights',
  area: 'software',
  title: 'Float32 weights: each token reads several times the bytes that it needs',
  needs: ['weights', 'speed', 'setup'],
  wants: ['floor', 'kernelRates'],
  check(given) {
    const wide = mostlyFloat32(given.weights)
    const wideBytes = bytesOf(wide)
    if (wide.length === 0) return 'clear'
    const timeMs = weightsMs(given, wide)
    if (timeMs === undefined) return { notChecked: 'the time to read the weights is not known', missing: 'floor' }
    const narrow = INT4_BYTES / FLOAT32_BYTES
    const saving = { tokenMs: timeMs - quantizedMs(given, { weights: wide, dtype: 'int4', nowMs: timeMs }) }
    if (!isFelt(given, saving)) return 'clear'
    return {
      ...tell`Each token reads ${bytes('float32-weights', wideBytes)} of float32 weights, which takes ${ms('weights', timeMs)},
        ${share('share', timeMs / tokenMsOf(given))} of its time. As int4 in blocks they are ${bytes('int4-weights', wideBytes * narrow)}.`,
      ...costs(given, { tokenMs: timeMs }, { saving, basis: 'modelled' }),
      nodes: [largestOf(wide).node],
      next: fixGenerator(),
    }
  },
})
