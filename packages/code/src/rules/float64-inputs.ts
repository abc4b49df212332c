// NumPy makes float64 unless told otherwise, and JavaScript's numbers are: models compute in float32. Twice the memory, and a conversion.
import { ms, tell } from '@whyslow/diagnosis/tell.ts'
import type { CallFact } from '../facts.ts'
import { HOT_SHARE, inWords, placeOf } from '../hot.ts'
import { defineRule } from '../rule.ts'

/** Fewest bytes: converting smaller arrays takes no time. */
const LEAST_BYTES = 65_536
/** They compute in float64. */
const KEEPS = ['scikit-learn', 'lightgbm']
const CURES = { python: '(dtype=np.float32)', javascript: '(a Float32Array)' } as const

/** x.astype(np.float32); new Float32Array(x), Float32Array.from(x). */
const isConversion = ({ callee, argument, result }: CallFact): boolean =>
  argument?.dtype === 'float64' &&
  (callee.endsWith('.astype') ? result?.dtype !== 'float64' : /^Float32Array(\.from)?$/.test(callee))

export const float64Inputs = defineRule({
  id: 'float64-inputs',
  area: 'software',
  title: 'Inputs are created in float64 and converted',
  needs: ['sessions', 'calls'],
  check({ language, sessions = [], calls = [], latency: { p50Ms } }) {
    const given = sessions.filter(
      ({ engine, ran, inputs }) =>
        ran !== null &&
        !KEEPS.includes(engine) &&
        inputs.some(({ dtype, bytes: size }) => dtype === 'float64' && (size ?? 0) >= LEAST_BYTES),
    )
    const places = given.map(({ ran }) => ran!)
    const converted = calls.filter((call) => isConversion(call) && call.timeMs >= HOT_SHARE * p50Ms)
    const timeMs = converted.reduce((sum, call) => sum + call.timeMs, 0)
    const [first] = [...converted, ...places]
    if (first === undefined) return []
    return [
      {
        ...tell`Numbers at ${inWords(first)} are float64, twice the memory of what the model computes in${
          timeMs > 0 ? tell`; converting them takes ${ms('converting', timeMs)}` : ''
        }. Made as float32 ${CURES[language]} they need no conversion.`,
        timeMs: Math.min(timeMs, p50Ms),
        wouldSaveMs: Math.min(timeMs, p50Ms),
        basis: 'modelled',
        places: [...new Map([...converted, ...places].map((one) => [inWords(one), placeOf(one)])).values()],
      },
    ]
  },
})
