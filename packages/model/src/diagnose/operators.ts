// Which operators a finding is about, in words.
import { type Sentence, tell } from '@whyslow/diagnosis/tell.ts'

/** Operators that are named in a sentence; the rest is summed up. */
const MOST_NAMED = 3

/** Which operators, most frequent first: '12 Conv, 3 Gemm and 2 more'. */
export function operators(opTypes: readonly string[], most = MOST_NAMED): Sentence {
  const counts = new Map<string, number>()
  for (const opType of opTypes) counts.set(opType, (counts.get(opType) ?? 0) + 1)
  const sorted = [...counts].sort((a, b) => b[1] - a[1])
  const named = sorted.slice(0, most)
  const others = sorted.slice(most).reduce((sum, [, count]) => sum + count, 0)
  const facts = [...named, ...(others > 0 ? [['others', others] as const] : [])].map(([name, value]) => ({
    name,
    value,
    unit: 'nodes',
  }))
  const said = named.map(([opType, count]) => `${count} ${opType}`).join(', ')
  return { detail: others > 0 ? `${said} and ${others} more` : said, facts }
}

/** The same as a subject with its verb: '1 Gemm takes', '12 Conv, 3 Gemm take'. */
export const operatorsTake = (opTypes: readonly string[]): Sentence =>
  tell`${operators(opTypes)} ${opTypes.length === 1 ? 'takes' : 'take'}`
