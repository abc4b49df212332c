// The first call of a process reads the weights from the disk, packs them for the kernels and allocates; paid once, so that it is a note.
import { ms, number, tell } from '@whyslow/diagnosis/tell.ts'
import { costs, defineRule, firstTokenMsOf } from '../rule.ts'

/** Times the first token of later calls. */
const MANY_TIMES = 2
/** A user who waits for one answer notices about 100 ms (Nielsen, Usability Engineering, 1993). */
const NOTICED_MS = 100
/** More pages that the disk was read for than a process needs to start. */
const MANY_FAULTS = 1000

export const coldStart = defineRule({
  id: 'cold-start',
  area: 'software',
  title: 'Cold start: the first call waits much longer for its first token',
  needs: ['speed', 'setup'],
  wants: ['faults'],
  check({ faults, ...given }) {
    const { coldFirstTokenMs, openMs } = given.speed
    if (coldFirstTokenMs === null) return { notChecked: 'the first call of a process was not timed apart' }
    const warmMs = firstTokenMsOf(given)
    if (coldFirstTokenMs.value < MANY_TIMES * warmMs || coldFirstTokenMs.value - warmMs < NOTICED_MS) return 'clear'
    const opened = openMs === null ? '' : tell`, after ${ms('open', openMs.value)} to open the model`
    const read =
      faults === undefined || faults.firstCall - faults.laterCall < MANY_FAULTS
        ? ''
        : tell` It read ${number('faults', faults.firstCall, 'pages')} pages from the disk: the weights are mapped, and were not in memory.`
    return {
      ...tell`The first call of a process takes ${ms('cold', coldFirstTokenMs.value)} to its first token, later calls ${ms('warm', warmMs)}${opened}.
        It is paid once per process.${read}`,
      ...costs(given, {}, { basis: 'measured' }),
    }
  },
})
