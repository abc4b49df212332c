// A profile of the program: what is outside the call of the model. XProf's upper limit for input is a fifth.
import { number, share, tell } from '@whyslow/diagnosis/tell.ts'
import { asShareOfStep, defineRule } from '../rule.ts'

/** XProf's upper limit of input time. */
const FROM = 0.2
/** Functions that are named as places. */
const MOST_PLACES = 3

export const preprocessingDominates = defineRule({
  id: 'preprocessing-dominates',
  area: 'software',
  title: 'Code around the model takes more than a fifth of the time',
  needs: ['trace'],
  check({ trace }) {
    const { functions } = trace
    if (functions === null) return 'does-not-apply'
    if (functions.outside === null || functions.modelCall === null)
      return { notChecked: 'no call of a model is recognised among the functions; give a profile that holds one' }
    const { outside, margin } = functions
    if (outside - margin <= FROM) return 'clear'
    const how =
      functions.samples === null
        ? tell``
        : tell` (±${share('margin', margin)} of ${number('samples', functions.samples, 'samples')} samples)`
    const rows = functions.rows.filter(({ file, line, inModel }) => file !== null && line !== null && inModel !== true)
    const top = [...rows].sort((a, b) => b.selfShare - a.selfShare).slice(0, MOST_PLACES)
    const said = tell`${share('outside', outside)} of the time${how} is spent outside ${functions.modelCall}, waiting and imports left out.`
    const places = top.map(({ file, line, name }) => ({ file: file!, line: line!, function: name }))
    return { ...asShareOfStep(trace, said, outside), places }
  },
})
