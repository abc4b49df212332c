// When a finding is worth a reader's time, and how its sentence says numbers. Shared by all rules.

/** Below 3 % of the p50 a change is lost in the spread between processes, so nobody could prove it helped. */
export const MIN_SAVING_SHARE = 0.03

/** True where the saving is large enough to be a finding. */
export function isWorthSaying(savingMs: number, p50Ms: number): boolean {
  return savingMs >= MIN_SAVING_SHARE * p50Ms
}

/** A duration in the unit a reader expects, three significant digits: '12.3 ms', '4.1 µs', '1.25 s'. */
export function sayMs(timeMs: number): string {
  if (timeMs >= 1000) return `${digits(timeMs / 1000)} s`
  if (timeMs < 0.9995) return `${digits(timeMs * 1000)} µs`
  return `${digits(timeMs)} ms`
}

/** A share 0..1 as whole per cent: '42 %'; below one per cent with one decimal. */
export function sayShare(share: number): string {
  const percent = share * 100
  return `${percent > 0 && percent < 1 ? percent.toFixed(1) : Math.round(percent)} %`
}

/** '1 node', '3 nodes'. */
export function sayCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** Which operators, most frequent first: '12 Conv, 3 Gemm'; the rest is summed up. */
export function sayOperators(opTypes: readonly string[], most = 3): string {
  const counts = new Map<string, number>()
  for (const opType of opTypes) counts.set(opType, (counts.get(opType) ?? 0) + 1)
  const sorted = [...counts].sort((a, b) => b[1] - a[1])
  const said = sorted.slice(0, most).map(([opType, count]) => `${count} ${opType}`)
  const rest = sorted.slice(most).reduce((sum, [, count]) => sum + count, 0)
  return rest > 0 ? `${said.join(', ')} and ${rest} more` : said.join(', ')
}

/** The same as a subject with its verb: '1 Gemm takes', '12 Conv, 3 Gemm take'. */
export function sayOperatorsTake(opTypes: readonly string[]): string {
  return `${sayOperators(opTypes)} ${opTypes.length === 1 ? 'takes' : 'take'}`
}

/** Bytes: '16 MB' (10^6), '512 kB'. */
export function sayBytes(bytes: number): string {
  if (bytes >= 1e9) return `${digits(bytes / 1e9)} GB`
  if (bytes >= 1e6) return `${digits(bytes / 1e6)} MB`
  if (bytes >= 1e3) return `${digits(bytes / 1e3)} kB`
  return `${bytes} B`
}

function digits(value: number): string {
  return value >= 100 ? value.toFixed(0) : Number(value.toPrecision(3)).toString()
}
