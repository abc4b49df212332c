// When a finding is worth a reader's time. Shared by all rules.

/** Below 3 % of the p50 a change is lost in the spread between processes, so nobody could prove it helped. */
const MIN_SAVING_SHARE = 0.03

/** What was timed alone, in pairs, with an interval, is known better than that; a terminal shows the largest five. */
const MIN_SHARE_ALONE = 0.01

/** True where the saving is large enough to be a finding. */
export function isWorthSaying(savingMs: number, p50Ms: number, { timedAlone = false } = {}): boolean {
  return savingMs >= (timedAlone ? MIN_SHARE_ALONE : MIN_SAVING_SHARE) * p50Ms
}
