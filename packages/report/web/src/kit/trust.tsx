// How far the number can be trusted, and why.
import { Reasons } from './facts.tsx'

const GRADES = ['A', 'B', 'C'] as const

/** A grade that nobody knows is taken as the lowest. */
export function Trust({ trust }: { trust: { readonly grade: string; readonly reasons: readonly string[] } }) {
  const grade = GRADES.find((known) => known === trust.grade) ?? 'C'
  return (
    <div class="trust">
      <span class={`grade grade-${grade}`} role="img" aria-label={`Trust ${grade}`}>
        {grade}
      </span>
      <div>
        <b>Trust: {grade}</b>
        <Reasons reasons={trust.reasons} />
      </div>
    </div>
  )
}
