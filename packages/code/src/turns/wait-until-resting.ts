// Whether a process rests: threads of OpenMP, MKL and onnxruntime go on spinning for a while after the last call, and a program may have work
// of its own in the background. Where the system tells how much time a process has used, the other one waits until that stands still.
import { setTimeout as sleep } from 'node:timers/promises'
import { ticksOf } from '@whyslow/measure/trials/cpu-time.ts'

/** Longer than libomp's spinning (KMP_BLOCKTIME, 200 ms). */
const LONGEST_MS = 400
const LOOK_MS = 10
/** One tick of Linux's clock for processes is 10 ms. */
const QUIET_LOOKS = 2

/** How a process rests, by its id; false if it never did. Where the system tells nothing it is given no time, and true. */
export async function waitUntilResting(pid: number, usedTicks: (pid: number) => number | null = ticksOf): Promise<boolean> {
  let before = usedTicks(pid)
  if (before === null) return true
  for (let waited = 0, quiet = 0; waited < LONGEST_MS; waited += LOOK_MS) {
    await sleep(LOOK_MS)
    const now = usedTicks(pid)
    quiet = now === before ? quiet + 1 : 0
    if (now === null || quiet >= QUIET_LOOKS) return true
    before = now
  }
  return false
}
