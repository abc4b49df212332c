// When a finding is worth a reader's time. Shared by all rules.

/** Below 3 % of the p50 a change is lost in the spread between processes, so nobody could prove it helped. */
const MIN_SAVING_SHARE = 0.03

/** What was timed alone, together with the change and in the same rounds, has an interval, and is known better than that. */
const MIN_SHARE_ALONE = 0.01
/** That its lower end must be: the best of several changes to many operators is faster by chance now and then, but not by much. */
const MIN_LOW_SHARE_ALONE = 0.005

/** True where the saving is large enough to be a finding. `alone`: of operators that were timed alone, with its lower end. */
export function isWorthSaying(
  savingMs: number,
  p50Ms: number,
  { alone }: { readonly alone?: { readonly lowMs: number } } = {},
): boolean {
  if (savingMs >= MIN_SAVING_SHARE * p50Ms) return true
  return alone !== undefined && savingMs >= MIN_SHARE_ALONE * p50Ms && alone.lowMs >= MIN_LOW_SHARE_ALONE * p50Ms
}
