// Commands that measure take turns on a machine.
import { waitingWords } from '@whyslow/measure/trials/lock.ts'
import type { TrialRunner } from '@whyslow/measure/trials/port.ts'
import type { StageProgress } from './progress.ts'

/** Runs `work` while no other run of whyslow measures on this machine. Adds to `warnings` if the machine has no lock. */
export function withMachineLock<T>(
  { trials, progress }: { readonly trials: Pick<TrialRunner, 'alone'>; readonly progress: (progress: StageProgress) => void },
  work: () => Promise<T>,
  warnings: string[],
): Promise<T> {
  return trials.alone(work, {
    onWait: (holder) => progress({ stage: waitingWords(holder), done: 0, of: 1, isNotice: true }),
    onUnlocked: (reason) => warnings.push(`measured without the machine's lock: ${reason}`),
  })
}
