// The first prediction on WebGPU compiles a program for every kernel and shape that is new, in the driver: tenths of a second to many
// seconds. It is paid by every process and every page load, and again for every new input shape. Always a note.
import { ms, tell } from '@whyslow/diagnosis/tell.ts'
import { withoutGpu } from '../device.ts'
import { defineRule } from '../rule.ts'

/** A user waiting for one answer notices about 100 ms (Nielsen, Usability Engineering, 1993). */
const NOTICED_MS = 100
/** Caches and clocks explain two to three times. */
const FIRST_OVER_P50 = 5

export const shaderCompilation = defineRule({
  id: 'shader-compilation',
  area: 'software',
  title: 'Shader compilation slows the first prediction',
  needs: ['engine', 'latency'],
  check({ engine, latency: { firstMs, p50Ms } }) {
    if (!engine.offers.includes('shaders')) return 'does-not-apply'
    const none = withoutGpu(engine)
    if (none !== null) return none
    if (firstMs - p50Ms < NOTICED_MS || firstMs < FIRST_OVER_P50 * p50Ms) return 'clear'
    return {
      ...tell`The first prediction takes ${ms('first', firstMs)}, the others ${ms('p50', p50Ms)}.
        Every new input shape is such a first one again.`,
      timeMs: 0,
      wouldSaveMs: 0,
      basis: 'measured',
    }
  },
})
