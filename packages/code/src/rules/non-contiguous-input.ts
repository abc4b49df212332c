// transpose and [::-1] copy nothing; whoever takes the array does, element by element, at every call.
import { ms, tell } from '@whyslow/diagnosis/tell.ts'
import type { ValueFact } from '../facts.ts'
import { HOT_SHARE, inWords, placeOf, UNTRIED } from '../hot.ts'
import { defineRule } from '../rule.ts'

/** Smaller ones are copied in no time. */
const LEAST_BYTES = 65_536
const COPIES = /(^|\.)(tobytes|ascontiguousarray|copy|astype|array|from_numpy|contiguous)$/

export const nonContiguousInput = defineRule({
  id: 'non-contiguous-input',
  area: 'software',
  title: 'A non-contiguous array is copied by the engine',
  languages: ['python'],
  needs: ['sessions', 'calls'],
  check({ sessions = [], calls = [], latency: { p50Ms } }) {
    const strided = (value: ValueFact | null) => value?.contiguous === false && (value.bytes ?? value.length ?? 0) >= LEAST_BYTES
    const given = sessions.flatMap(({ ran, inputs }) => (ran !== null && inputs.some(strided) ? [ran] : []))
    const copied = calls.filter(
      ({ callee, argument, timeMs }) => COPIES.test(callee) && strided(argument) && timeMs >= HOT_SHARE * p50Ms,
    )
    const timeMs = Math.min(
      p50Ms,
      copied.reduce((sum, call) => sum + call.timeMs, 0),
    )
    const [first] = [...copied, ...given]
    if (first === undefined) return []
    return [
      {
        ...tell`The array at ${inWords(first)} is a view with strides, which is copied element by element${
          timeMs > 0 ? tell`, ${ms('copying', timeMs)} of a prediction` : ''
        }. Written in the wanted order from the start, or copied once with np.ascontiguousarray, it is read as it lies.`,
        timeMs,
        ...(timeMs > 0 ? UNTRIED : { ...UNTRIED, savingUnknown: 'what the engine takes to copy it is not known apart' }),
        places: [...new Map([...copied, ...given].map((one) => [inWords(one), placeOf(one)])).values()],
      },
    ]
  },
})
