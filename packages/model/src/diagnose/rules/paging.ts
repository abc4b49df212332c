// The model's memory does not stay in memory: after warm-up predictions still wait for pages from disk (major page faults), or the
// peak is close to the limit above which the process is killed. https://man7.org/linux/man-pages/man2/getrusage.2.html
import { bytes, ms, number, tell } from '@whyslow/diagnosis/tell.ts'
import { totalsOf } from '../disturbance.ts'
import { fixModel } from '../next-command.ts'
import { defineRule } from '../rule.ts'

/** A stray page of the program itself may come late; one fault in 50 predictions is the model's memory going and coming. */
const FAULTS_PER_PREDICTION = 0.02
/** One page read from a fast NVMe disk: 0.1 ms. Slower disks take up to 10 ms, so the saving is a lower bound. */
const FAULT_MS = 0.1
/** Share of the memory. If less than a tenth is left, a second session or a larger input ends in swapping or a killed process. */
const NEAR_LIMIT = 0.9

const FAULTS_NOT_SEEN = { notChecked: 'the prediction ran in a browser, whose page faults are not seen' } as const

export const paging = defineRule({
  id: 'paging',
  area: 'hardware',
  title: 'Page faults: predictions wait for memory pages from disk',
  needs: ['latency', 'memory', 'machine'],
  check({ latency, memory, machine }) {
    if (latency.blocks.some(({ elsewhere }) => elsewhere)) return FAULTS_NOT_SEEN
    const totals = totalsOf(latency)
    const faults = totals.predictions === 0 ? 0 : totals.majorFaults / totals.predictions
    const limitBytes = memory.limitBytes ?? machine.memoryLimitBytes ?? machine.memoryBytes
    const peakBytes = Math.max(memory.loadPeakBytes ?? 0, memory.predictPeakBytes ?? 0)
    const nearLimit = peakBytes >= NEAR_LIMIT * limitBytes
    const room = tell`The peak is ${bytes('peak', peakBytes)} of the ${bytes('limit', limitBytes)} that the process may use.`

    if (faults >= FAULTS_PER_PREDICTION) {
      const savingMs = Math.min(latency.p50Ms, faults * FAULT_MS)
      return {
        ...tell`After warm-up, ${number('page-faults', totals.majorFaults, 'faults')} page faults went to disk in
          ${number('predictions', totals.predictions, 'predictions')} predictions. At ${ms('page', FAULT_MS)} for a page they cost at least
          ${ms('saving', savingMs)} a prediction.${peakBytes > 0 ? tell` ${room}` : ''}`,
        timeMs: savingMs,
        wouldSaveMs: null,
        savingUnknown: 'a run with enough memory was not possible',
        basis: 'modelled',
        next: fixModel('--for', 'memory'),
      }
    }
    if (nearLimit) {
      return {
        title: 'The model nearly fills the available memory',
        ...tell`${room} No page came from disk while predictions were timed.`,
        timeMs: 0,
        wouldSaveMs: 0,
        basis: 'measured',
        next: fixModel('--for', 'memory'),
      }
    }
    return 'clear'
  },
})
