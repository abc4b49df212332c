// When a finding is worth a reader's time. Shared by all rules.

/** Below 3 % of the p50 a change is lost in the spread between processes, so nobody could prove it helped. */
const MIN_SAVING_SHARE = 0.03

/** True where the saving is large enough to be a finding. */
export function isWorthSaying(savingMs: number, p50Ms: number): boolean {
  return savingMs >= MIN_SAVING_SHARE * p50Ms
}
