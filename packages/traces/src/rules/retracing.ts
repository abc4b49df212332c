// Compiling inside steps that should be warm: torch.compile after a new shape, tf.function traced again, XLA. Limits are XProf's.
import { countFact, number, share, tell } from '@whyslow/diagnosis/tell.ts'
import { asShareOfStep, defineRule, missingPart } from '../rule.ts'

/** Share of the window. [ours] */
const FROM = 0.03
/** Share of tf.function's time in traced and eager calls: XProf. */
const EXPENSIVE = 0.2

export const retracing = defineRule({
  id: 'retracing',
  area: 'software',
  title: 'Retracing: the model is compiled again while it predicts',
  needs: ['trace'],
  check({ trace }) {
    const { host, tracing, window } = trace
    if (host === null) return missingPart(trace, 'host')
    if (tracing !== null && tracing.expensive >= EXPENSIVE) {
      const said = tell`${number('traced-calls', tracing.expensiveCalls, 'calls')} of ${number('function-calls', tracing.calls, 'calls')} calls of tf.function were traced anew or ran eagerly:
        ${share('traced', tracing.expensive)} of the time of all.`
      return asShareOfStep(trace, said, Math.min(1, tracing.expensive))
    }
    if (host.compiling < FROM) return 'clear'
    const where = window.steps === null ? tell`the recording` : tell`${number('steps', window.steps, 'steps')} warm steps`
    const said = tell`${countFact('compilation', host.compilations)} within ${where} take ${share('compiling', host.compiling)} of the time.`
    return asShareOfStep(trace, said, host.compiling)
  },
})
