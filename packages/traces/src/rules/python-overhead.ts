// Time in which no operator and no call of the device was recorded on the main thread: Python, or another library. XProf says of the same
// part that it 'could be due to Python execution overhead', from 3 % on, and above 15 % a bottleneck.
import { share, tell } from '@whyslow/diagnosis/tell.ts'
import { asShareOfStep, defineRule, missingPart } from '../rule.ts'

/** XProf's upper limit of 'all other' time. */
const FROM = 0.15
/** Share of the time in which a device waits, the same limit. */
const FROM_IDLE = 0.15

export const pythonOverhead = defineRule({
  id: 'python-overhead',
  area: 'software',
  title: 'Python between the operators takes much of the time',
  needs: ['trace'],
  check({ trace }) {
    const { host, device, functions } = trace
    if (functions !== null) {
      if (functions.python === null && !functions.rows.some(({ language }) => language === 'python')) return 'does-not-apply'
      if (functions.python === null)
        return { notChecked: 'the profile does not separate the interpreter from native code; Scalene and cProfile do' }
      if (functions.python <= FROM) return 'clear'
      return asShareOfStep(
        trace,
        tell`The Python interpreter itself takes ${share('python', functions.python)} of the time, native code apart.`,
        functions.python,
      )
    }
    if (host === null) return missingPart(trace, 'host')
    if (device === null && host.operators === 0)
      return { notChecked: 'the file has no operators: it does not show what Python does between them' }
    const waits = device?.idleParts?.unrecorded
    const took = waits ?? host.unrecorded
    if (took <= (waits === undefined ? FROM : FROM_IDLE)) return 'clear'
    const seen =
      host.python === null ? tell`` : tell` Python frames were recorded in ${share('python-frames', host.python)} of it.`
    const what = waits === undefined ? tell`of the time` : tell`of the time, while the device waits,`
    return asShareOfStep(
      trace,
      tell`For ${share('unrecorded', took)} ${what} the main thread is in no operator and no call of the device.${seen}`,
      took,
    )
  },
})
