// The one syntax for durations: '10' and '10s' are seconds, '500ms', '2m', '1h'; fractions as '1.5s'.

const perUnitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const

/** Milliseconds, above zero; undefined if the text is no duration. */
export function parseDuration(text: string): number | undefined {
  const parts = /^(\d+(?:\.\d+)?|\.\d+)(ms|s|m|h)?$/.exec(text)
  if (parts === null) return undefined
  const ms = Number(parts[1]) * perUnitMs[(parts[2] ?? 's') as keyof typeof perUnitMs]
  return ms > 0 && Number.isFinite(ms) ? ms : undefined
}
